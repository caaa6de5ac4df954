package page

import (
	"bytes"
	"html"
	"io"
)

// Write writes a bare frame with the data.
func Write(w io.Writer, title string, data func(io.Writer) error) error {
	var b bytes.Buffer
	if data != nil {
		if err := data(&b); err != nil {
			return err
		}
	}
	text := bytes.ReplaceAll(b.Bytes(), []byte("<"), []byte(`\u003c`))
	_, err := io.WriteString(w, "<!DOCTYPE html><meta charset=\"utf-8\"><title>"+html.EscapeString(title)+
		"</title><script type=\"application/json\" id=\"data\">"+string(text)+"</script>\n")
	return err
}
