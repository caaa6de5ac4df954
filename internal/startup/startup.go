// Package startup has what is done before lazy.Default is used for the first time. It stands apart from package lazy so
// that what shows runs can ask for that without a name in lazy's public API.
package startup

// Observe returns a lazy.Observer for all runs of lazy.Default, or nil for none. An error is that of the Get, and of all
// that follow. It is set by an init function, or never, and called once.
var Observe func() (observer any, err error)
