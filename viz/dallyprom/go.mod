// Metrics for Prometheus. A module of its own, so that users of the library do not depend on Prometheus.
module github.com/dally-go/dally/viz/dallyprom

go 1.26.0

require (
	github.com/dally-go/dally v0.0.0
	github.com/prometheus/client_golang v1.25.0
	github.com/prometheus/common v0.73.1
	github.com/stretchr/testify v1.12.1
)

replace github.com/dally-go/dally => ../..
