// Api hands out orders over HTTP.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"example.com/shop/internal/queue"
)

const banner = "shop api"

func main() {
	var orders queue.Queue
	for _, first := range []string{"tea", "biscuits"} {
		orders.Put(first)
	}
	http.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, banner, "ok")
	})
	http.HandleFunc("POST /take", func(w http.ResponseWriter, _ *http.Request) {
		order, ok := orders.Take()
		if !ok {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		fmt.Fprintln(w, order)
	})
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
