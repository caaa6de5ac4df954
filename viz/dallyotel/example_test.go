package dallyotel_test

import (
	"context"
	"errors"
	"fmt"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/viz/dallyotel"
)

func ExampleNew() {
	exporter := tracetest.NewInMemoryExporter() // yours sends to a collector
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter))
	defer func() { _ = provider.Shutdown(context.Background()) }() // exports what is left

	observer := dallyotel.New(provider)

	load := lazy.Wrap1(func(_ context.Context, name string) (int, error) {
		return 0, errors.New("no " + name)
	}, lazy.Name("Load"))
	report := lazy.Pure1(func(n int) int { return n }, lazy.Name("Report"))(load.Of("sales.csv"))
	_, _ = report.Get(context.Background(), lazy.Observe(observer))

	_ = provider.ForceFlush(context.Background())
	for _, span := range exporter.GetSpans() { // what is inside ends first
		fmt.Println(span.Name, span.Status.Code)
	}
	// Output:
	// Load Error
	// dally get Report Error
}

func ExampleThreshold() {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	every := dallyotel.New(provider, dallyotel.Threshold(0))

	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	_, _ = square(square.Of(3)).Get(context.Background(), lazy.Observe(every))
	fmt.Println(len(exporter.GetSpans()), "spans")
	// Output: 3 spans
}

func ExampleMaxSpans() {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	few := dallyotel.New(provider, dallyotel.Threshold(0), dallyotel.MaxSpans(10))

	square := lazy.Pure1(func(x int) int { return x * x }, lazy.Name("Square"))
	_, _ = lazy.GetAll(context.Background(), square.Each(make([]int, 500)), lazy.Observe(few))
	fmt.Println(len(exporter.GetSpans()), "spans")
	for _, a := range exporter.GetSpans()[10].Attributes {
		if a.Key == "dally.calls.untraced" {
			fmt.Println(a.Value.AsInt64(), "calls without")
		}
	}
	// Output:
	// 11 spans
	// 490 calls without
}
