package layering

// modulePath is the module whose packages the table lists.
const modulePath = "github.com/dally-go/dally"

// row says what one package, or with a name that ends in "/..." a package and all below it, may import besides the
// standard library. The most specific row holds. Test files are free.
type row struct {
	// imports are packages of this module, without its path, and packages of others, in full.
	imports []string
	// adapters maps packages of others to the only file that may import them, or to oneFile.
	adapters map[string]string
}

// oneFile allows an import in a single file, whatever its name.
const oneFile = "one file"

var table = map[string]row{
	// The leaves. They never import each other.
	"graph":    {adapters: map[string]string{"gonum.org/v1/gonum/...": "directed.go"}},
	"executor": {imports: []string{"internal/deque", "internal/invariant"}},
	"comm":     {imports: []string{"internal/invariant"}},
	"cache":    {imports: []string{"internal/kept", "internal/invariant"}},

	// What every store has to hold to, for the tests of stores. It is public, too.
	"cache/cachetest": {imports: []string{"cache"}},

	// The composer.
	"lazy": {imports: []string{"graph", "executor", "comm", "internal/..."}},

	// Commands as calls.
	"proc": {imports: []string{"lazy", "executor"}},

	// The picture.
	"viz": {
		imports:  []string{"graph", "viz/internal/label", "viz/internal/page"},
		adapters: map[string]string{"github.com/emicklei/dot": oneFile},
	},
	"viz/internal/label": {},
	"viz/internal/page":  {},

	// What runs, as it runs.
	"viz/record": {imports: []string{"lazy", "graph"}},
	"viz/trace":  {imports: []string{"graph", "viz/internal/label"}},
	"viz/progress": {
		imports:  []string{"lazy", "graph", "viz/record", "viz/internal/label"},
		adapters: map[string]string{"golang.org/x/term": oneFile},
	},
	"viz/live": {imports: []string{"lazy", "graph", "viz", "viz/record", "viz/internal/label", "viz/internal/page"}},
	"viz/auto": {imports: []string{"lazy", "graph", "viz", "viz/record", "viz/trace", "viz/progress", "viz/live", "internal/..."}},

	"examples/...":       {imports: []string{"lazy", "graph", "cache", "comm", "executor", "proc", "viz", "viz/...", "gonum.org/v1/gonum/..."}},
	"examples/native":    {imports: []string{"lazy", "C"}},
	"examples/replay":    {imports: []string{"lazy", "graph", "viz", "examples/replay/wf"}},
	"examples/replay/wf": {},

	"internal/codec":     {imports: []string{"internal/kept"}},
	"internal/content":   {imports: []string{"internal/kept"}},
	"internal/deque":     {imports: []string{"internal/invariant"}},
	"internal/gen":       {},
	"internal/invariant": {},
	"internal/kept":      {},
	"internal/layering":  {},
	"internal/leak":      {},
	"internal/startup":   {},
}

// core are the packages that every user of the library links into the program.
var core = []string{"lazy", "graph", "executor", "comm"}

// heavy are packages, each with all below it, that the core must not link, not even through others.
var heavy = []string{"net/http", "image", "html/template", "testing"}
