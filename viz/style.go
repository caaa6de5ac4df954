package viz

import (
	"fmt"
	"strings"
)

// styleSheet is the same in every picture. Each colour is given twice: plainly, for readers that know no variables, and
// by a variable, which dark pages set anew. All rules are below svg.dally: the picture may stand inside a page.
var styleSheet = newStyleSheet()

func newStyleSheet() string {
	const light = "--page:#ffffff;--ink:#1f2328;--soft:#57606a;--edge:#6e7781;--track:#d0d7de;--bad:#a31510"
	const dark = "--page:#0d1117;--ink:#f0f6fc;--soft:#9198a1;--edge:#848d97;--track:#3d444d;--bad:#ff7b6b"
	var b strings.Builder
	b.WriteString("<style>\nsvg.dally{" + light + ";color-scheme:light dark;background:#fff;background:var(--page);" +
		"font-family:'DejaVu Sans',Verdana,'Segoe UI',system-ui,sans-serif;font-variant-emoji:text}\n" +
		"@media(prefers-color-scheme:dark){svg.dally{" + dark + "}}\n" +
		".dally text{font-size:11px;fill:#1f2328;fill:var(--ink)}\n" +
		".dally .h{font-size:15px;font-weight:bold}\n.dally .n{font-size:13px;font-weight:bold}\n" +
		".dally .x{font-size:13px}\n.dally .r{text-anchor:end}\n" +
		".dally .m,.dally .r,.dally .x{fill:#57606a;fill:var(--soft)}\n" +
		".dally .e{fill:#a31510;fill:var(--bad)}\n.dally .g{font-size:13px;fill:#57606a;fill:var(--s)}\n" +
		".dally .s{font-size:11px}\n" +
		".dally .b,.dally .d{fill:#fff;fill:var(--f);stroke:#57606a;stroke:var(--s);stroke-width:1.5}\n" +
		".dally .d{fill:none}\n.dally .t{fill:#d0d7de;fill:var(--track)}\n" +
		".dally .l{fill:none;stroke:#6e7781;stroke:var(--edge);stroke-width:1.3}\n.dally .w{stroke-dasharray:5 4}\n" +
		".dally .a{fill:#6e7781;fill:var(--edge)}\n")
	for st, k := range looks {
		more := ""
		if k.dashed {
			more = ";stroke-dasharray:5 4"
		}
		if k.thick {
			more = ";stroke-width:2.5"
		}
		fmt.Fprintf(&b, ".dally .k%d{--f:%s;--s:%s}\n.dally .k%d>.b,.dally .k%d>.d{fill:%s;fill:var(--f);stroke:%s;stroke:var(--s)%s}\n",
			st, k.fill, k.stroke, st, st, k.fill, k.stroke, more)
		fmt.Fprintf(&b, ".dally .f.k%d{fill:%s;fill:var(--s)}\n", st, k.stroke)
	}
	b.WriteString(".dally .c>.d{fill:none}\n.dally .o>.b{stroke-dasharray:none}\n@media(prefers-color-scheme:dark){\n")
	for st, k := range looks {
		fmt.Fprintf(&b, ".dally .k%d{--f:%s;--s:%s}\n", st, k.darkFill, k.darkStroke)
	}
	b.WriteString("}\n</style>")
	return b.String()
}
