// Guestbook serves a page from a template on disk, and its style sheet from a folder on disk.
package main

import (
	"html/template"
	"log"
	"net/http"
	"os"
	"sync"
)

type guestbook struct {
	mu      sync.Mutex
	entries []string
	page    *template.Template
}

func (g *guestbook) show(w http.ResponseWriter, _ *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	data := struct {
		Title   string
		Entries []string
	}{"Guestbook", g.entries}
	if err := g.page.ExecuteTemplate(w, "index.html", data); err != nil {
		log.Printf("render: %v", err)
	}
}

func (g *guestbook) sign(w http.ResponseWriter, r *http.Request) {
	if name := r.FormValue("name"); name != "" {
		g.mu.Lock()
		g.entries = append(g.entries, name)
		g.mu.Unlock()
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func main() {
	book := &guestbook{
		entries: []string{"Ada", "Grace"},
		page:    template.Must(template.ParseGlob("templates/*.html")),
	}
	http.HandleFunc("GET /{$}", book.show)
	http.HandleFunc("POST /sign", book.sign)
	http.Handle("GET /static/", http.StripPrefix("/static/", http.FileServer(http.Dir("static"))))

	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log.Printf("listening on %s", port)
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
