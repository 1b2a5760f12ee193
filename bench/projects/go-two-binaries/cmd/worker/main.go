// Worker takes orders from the api, one by one.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	api := os.Getenv("API")
	if api == "" {
		api = "http://localhost:8080"
	}
	once := len(os.Args) > 1 && os.Args[1] == "--version"
	if once {
		os.Stdout.WriteString("shop worker 1\n")
		return
	}
	for ; ; time.Sleep(time.Second) {
		answer, err := http.Post(api+"/take", "text/plain", nil)
		if err != nil {
			log.Print(err)
			continue
		}
		order, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			log.Printf("packed %s", strings.TrimSpace(string(order)))
		}
	}
}
