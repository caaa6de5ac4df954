package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/live"
	"github.com/dally-go/dally/viz/record"
)

func ExampleHandler() {
	rec := record.New(record.Graphs())
	session := &lazy.Session{Observer: rec}
	http.Handle("/debug/dally/", live.Handler(rec, live.Title("squares")))
	server := httptest.NewServer(http.DefaultServeMux) // your own server
	defer server.Close()

	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	_, err := lazy.GetAll(context.Background(), []lazy.Data[int]{square.Of(2), square.Of(3)}, lazy.In(session))
	fmt.Println(err)

	answer, err := http.Get(server.URL + "/debug/dally/graph.json") // what the page shows
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	var page struct {
		Title     string
		Functions []struct{ Name string }
		Totals    []struct{ Fn, Done int }
	}
	fmt.Println(json.NewDecoder(answer.Body).Decode(&page))
	for _, t := range page.Totals {
		fmt.Println(page.Title, page.Functions[t.Fn].Name, t.Done)
	}
	// Output:
	// <nil>
	// <nil>
	// squares Square 2
}

func ExampleListen() {
	rec := record.New()
	page, err := live.Listen("", rec) // "8080" would be http://127.0.0.1:8080/
	if err != nil {
		fmt.Println(err)
		return
	}
	defer page.Close()
	answer, err := http.Get(page.URL())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status, answer.Header.Get("Content-Type"))
	// Output: 200 OK text/html; charset=utf-8
}

func ExampleListenAndServe() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // in a program: when it ends
	fmt.Println(live.ListenAndServe(ctx, "localhost:http", record.New()))
	// Output: live: the address is "localhost:http", want a port or a host and a port: "8080", "localhost:8080", "0.0.0.0:8080"
}

func ExampleHosts() {
	h := live.Handler(record.New(), live.Hosts("build7.example.org"))
	for _, host := range []string{"build7.example.org:8080", "evil.example"} {
		r := httptest.NewRequest("GET", "http://"+host+"/debug/dally/", nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(host, w.Code)
	}
	// Output:
	// build7.example.org:8080 200
	// evil.example 403
}

func ExampleTitle() {
	h := live.Handler(record.New(), live.Title("word count"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/debug/dally/", nil))
	fmt.Println(strings.Contains(w.Body.String(), "<title>word count</title>"))
	// Output: true
}

func ExampleValues() {
	rec := record.New(record.Values()) // has previews; without live.Values the page does not show them
	greet := lazy.Pure1(func(name string) string { return "hello " + name }, lazy.Name("Greet"))
	_, err := greet.Of("you").Get(context.Background(), lazy.In(&lazy.Session{Observer: rec}))
	fmt.Println(err)
	for _, h := range []http.Handler{live.Handler(rec), live.Handler(rec, live.Values())} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "http://localhost/debug/dally/graph.json", nil))
		fmt.Println(strings.Contains(w.Body.String(), "hello you"))
	}
	// Output:
	// <nil>
	// false
	// true
}
