// Command bookings-api is a stand-in for the booking service: it says that it is alive and gives every booking an id.
package main

import (
	"bufio"
	"log"
	"net"
	"strings"
	"time"

	"github.com/google/uuid"
)

func serve(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go answer(connection)
	}
}

func answer(connection net.Conn) {
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(5 * time.Second))
	request, err := bufio.NewReaderSize(connection, 4096).ReadString('\n')
	if err != nil {
		return
	}
	body := "ok\n"
	if strings.HasPrefix(request, "POST /bookings ") {
		body = uuid.NewString() + "\n"
	}
	connection.Write([]byte("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body))
}

func main() {
	go serve(":9090")
	serve(":8080")
}
