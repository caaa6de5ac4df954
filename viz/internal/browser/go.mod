// Tests of the pages in a real browser. A module of its own, so that users of the library never see the driver, and
// below viz, since the page is internal to it.
module github.com/dally-go/dally/viz/internal/browser

go 1.26.0

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.22.1
	github.com/dally-go/dally v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/emicklei/dot v1.11.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
)

replace github.com/dally-go/dally => ../../..
