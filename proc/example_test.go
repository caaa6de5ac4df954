//go:build unix

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/dally-go/dally/cache"
	"github.com/dally-go/dally/executor"
	"github.com/dally-go/dally/lazy"
	"github.com/dally-go/dally/proc"
)

var ctx = context.Background()

// Arguments may be values and handles. left and echo run at the same time, sh once all the others have ended.
func ExampleCommand() {
	left := proc.Command("printf", `%s\n`, "ant", "bee", "cow")
	right := proc.Command("printf", `%s\n`, proc.Text(proc.Command("echo", "bee")), "cat")
	both := proc.Command("sh", "-c", `printf '%s\n' "$@"`, "sh", proc.Text(left), proc.Text(right))

	r, err := both.Get(ctx)
	fmt.Printf("%v%v\n", r.Stdout, err)
	// Output:
	// ant
	// bee
	// cow
	// bee
	// cat
	// <nil>
}

// Commands can be joined as in a pipe: what one has written is the stdin of the next one.
func ExampleProgram_Call() {
	sort := &proc.Program{Name: "sort"}
	words := proc.Command("printf", `%s\n`, "to", "have", "patience")
	sorted := sort.Call(proc.Cmd{
		Args:  []any{"-r"},
		Stdin: words,
		Env:   map[string]any{"LC_ALL": "C"},
	})

	r, err := sorted.Get(ctx)
	fmt.Printf("%v%v\n", r.Stdout, err)
	// Output:
	// to
	// patience
	// have
	// <nil>
}

// Exit code 1 of grep says that there was nothing to be found.
func ExampleProgram_Of() {
	grep := &proc.Program{Name: "grep", Codes: []int{1}}
	r, err := grep.Of("-c", "x", os.DevNull).Get(ctx)
	fmt.Println(r.ExitCode, r, err)
	// Output: 1 exit code 1, 2 bytes of stdout, 0 of stderr <nil>
}

// At most two downloads at once, each tried three times, whatever other commands do.
func ExampleProgram() {
	download := &proc.Program{Name: "echo", Options: []lazy.Option{
		lazy.Name("Download"), lazy.Retry(2), lazy.Limit(executor.NewLimit(2)),
	}}
	var pages []lazy.Data[string]
	for _, page := range []string{"a", "b", "c"} {
		pages = append(pages, proc.Text(download.Of("page", page)))
	}
	fmt.Println(lazy.GetAll(ctx, pages))
	// Output: [page a page b page c] <nil>
}

// count is run again when the program, its arguments, or what is in the file has changed.
var count = &proc.Program{Name: "wc", Options: []lazy.Option{lazy.Memo(), lazy.Version("1"), lazy.Name("Count")}}

func ExampleOpen() {
	dir := lazy.Must(os.MkdirTemp("", "open"))
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "words.txt")
	session := lazy.In(&lazy.Session{Cache: cache.NewMemory(1 << 20)})

	for _, text := range []string{"to have patience\n", "to have patience\n", "to have had\n"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			fmt.Println(err)
		}
		words := count.Call(proc.Cmd{Args: []any{"-c"}, Stdin: proc.Open(path)})
		n, err := proc.Text(words).Get(ctx, session)
		fmt.Println(strings.TrimSpace(n), words.State(), err)
	}
	// Output:
	// 17 done <nil>
	// 17 cached <nil>
	// 12 done <nil>
}

// A file that a command makes is the next one's input: that runs again only if the file has come out differently.
func ExampleMade() {
	dir := lazy.Must(os.MkdirTemp("", "made"))
	defer os.RemoveAll(dir)
	copies := &proc.Program{Name: "sh"}
	first := lazy.Source("first", "z")
	made := copies.Call(proc.Cmd{
		Args:    []any{"-c", `printf '%s\n' "$1" b a >letters`, "sh", first},
		Dir:     dir,
		Outputs: []any{"letters"},
	})
	letters := proc.Made(made, 0)
	sorted := proc.Command("sort", letters)

	f, err := letters.Get(ctx)
	fmt.Println(filepath.Base(f.Path), f.Size, f.Digest[:8], err)
	fmt.Println(strings.Fields(lazy.Must(sorted.Get(ctx)).Stdout.String()))
	// Output:
	// letters 6 687ac942 <nil>
	// [a b z]
}

func ExampleText() {
	name := proc.Text(proc.Command("echo", "two words"))
	quoted := proc.Command("printf", "<%s>", name) // one argument, though it has a space
	fmt.Println(proc.Text(quoted).Get(ctx))
	// Output: <two words> <nil>
}

func ExampleExitError() {
	_, err := proc.Command("sh", "-c", "echo the disk is full >&2; exit 3").Get(ctx)
	var exit *proc.ExitError
	if errors.As(err, &exit) {
		fmt.Printf("%d %q\n", exit.Code, exit.Stderr)
		fmt.Println(exit)
	}

	_, err = proc.Command("sort -u").Get(ctx)
	fmt.Println(errors.Is(err, exec.ErrNotFound))
	// Output:
	// 3 "the disk is full\n"
	// proc: sh -c "echo the disk is full >&2; exit 3" has ended with exit code 3, saying:
	// 	the disk is full
	// true
}

func ExampleOutput() {
	small := &proc.Program{Name: "printf", MemoryMax: 4} // the rest would go to a temporary file
	r, err := small.Of("0123456789").Get(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	reader := r.Stdout.Open()
	defer reader.Close()
	start := make([]byte, 3)
	_, err = io.ReadFull(reader, start)
	fmt.Printf("%s of %d bytes: %s %v\n", start, r.Stdout.Len(), r.Stdout.Bytes(), err)
	// Output: 012 of 10 bytes: 0123456789 <nil>
}
