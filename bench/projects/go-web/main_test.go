package main

import (
	"html/template"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestShowListsEntries(t *testing.T) {
	book := &guestbook{
		entries: []string{"Ada"},
		page:    template.Must(template.ParseGlob("templates/*.html")),
	}
	answer := httptest.NewRecorder()
	book.show(answer, httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(answer.Body.String(), "Ada") {
		t.Errorf("no entry in %s", answer.Body)
	}
}
