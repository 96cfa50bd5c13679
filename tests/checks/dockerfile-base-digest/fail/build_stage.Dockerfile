FROM golang:1.24 AS build
RUN go build .
FROM scratch
COPY --from=build /app /app
