package dallyprom_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/dallyprom"
	"github.com/dally-go/dally/viz/record"
)

func ExampleNew() {
	rec := record.New(record.Spans(0)) // totals alone
	session := &lazy.Session{Observer: rec}

	registry := prometheus.NewRegistry()
	registry.MustRegister(dallyprom.New(rec))
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{}) // http.Handle("/metrics", handler)

	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	_, _ = lazy.GetAll(context.Background(), square.Each([]int{1, 2, 3}), lazy.In(session))

	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if line := lines.Text(); strings.HasSuffix(line, " 3") && !strings.Contains(line, "bucket") {
			fmt.Println(line)
		}
	}
	// Output:
	// dally_call_duration_seconds_count{function="Square"} 3
	// dally_calls_planned_total 3
	// dally_calls_total{function="Square",state="done"} 3
}

func ExampleMaxFunctions() {
	rec := record.New()
	registry := prometheus.NewRegistry()
	registry.MustRegister(dallyprom.New(rec, dallyprom.MaxFunctions(2)))

	for _, name := range []string{"A", "B", "C", "D"} {
		f := lazy.Pure0(func() int { return 1 }, lazy.Name(name))
		_, _ = f().Get(context.Background(), lazy.Observe(rec))
	}
	families, _ := registry.Gather()
	for _, m := range families[0].Metric {
		fmt.Println(m.Label[0].GetValue(), m.Histogram.GetSampleCount())
	}
	// Output:
	// A 1
	// B 1
	// other 2
}
