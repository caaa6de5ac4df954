module github.com/dally-go/dally

go 1.26

require gonum.org/v1/gonum v0.17.0

require (
	github.com/emicklei/dot v1.11.0 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
)
