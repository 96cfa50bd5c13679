"""What people's formats share: the template environment, words and shapes of states, charts, and views of an assessment."""
