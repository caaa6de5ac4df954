package page_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/dally-go/dally/viz/internal/page"
)

func ExampleWrite() {
	var b bytes.Buffer
	err := page.Write(&b, "word count", func(w io.Writer) error {
		_, err := io.WriteString(w, `{"version":1,"title":"word count"}`)
		return err
	})
	fmt.Println(err, strings.Contains(b.String(), "<title>word count</title>"))
	// Output: <nil> true
}
