// Status shows a page that is compiled into the program.
package main

import (
	"embed"
	"html/template"
	"log"
	"net/http"
	"os"
	"time"
)

//go:embed assets
var assets embed.FS

var version = "dev"

func main() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		log.Fatal(err)
	}
	page := template.Must(template.ParseFS(assets, "assets/*.html"))
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		page.Execute(w, map[string]string{
			"Version": version,
			"Zone":    time.Date(2024, 7, 1, 12, 0, 0, 0, berlin).Format("MST"),
		})
	})
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
