package viz_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/viz"
)

// statement is every line that WriteMermaid may write below the front matter: text cannot end what it stands in.
var statement = regexp.MustCompile(`^(flowchart (TD|LR)` +
	`|  n\d+(\["(<br/>|#\d+;|[^"<>#\[\]{}()|\x60\\&])*"\]|\[\("(<br/>|#\d+;|[^"<>#\[\]{}()|\x60\\&])*"\)\]):::[a-z]+` +
	`|  n\d+ (-->|-\.->) n\d+` +
	`|  classDef [a-z]+ [\w#:,. -]+)$`)

func TestMermaidStatements(t *testing.T) {
	for name, s := range zoo() {
		lines := strings.Split(strings.TrimSuffix(draw(t, viz.WriteMermaid, s), "\n"), "\n")
		if lines[0] == "---" {
			require.Equal(t, "---", lines[2], name)
			require.True(t, strings.HasPrefix(lines[1], `title: "`), name)
			lines = lines[3:]
		}
		for _, line := range lines {
			require.Regexp(t, statement, line, name)
		}
	}
}
