"""What people's formats share: the template environment, words and shapes of states, charts, views of an assessment."""
