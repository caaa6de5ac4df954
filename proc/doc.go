// Package proc runs commands as lazy calls: what a shell script does with &, wait, pipes and temporary files.
//
//	north, south := proc.Command("measure", "north"), proc.Command("measure", "south")
//	report := proc.Command("join", proc.Text(north), proc.Text(south)) // recorded: nothing has run
//	r, err := report.Get(ctx)                                          // north and south side by side, then join
//	fmt.Print(r.Stdout)
//
// A call of a command is a call like others of package lazy: it runs when somebody wants what comes of it, at most
// once, after what it takes and beside what it does not; it runs again when an input has changed; it is drawn,
// explained, tried again and bounded like them. [Command] is for a name and arguments. A [Program] has what is the same
// for all calls of one program, a [Cmd] the rest of a call: stdin, environment, directory, files. All of these may be
// plain values or handles.
//
// # What runs
//
// A program is run, never a shell: arguments reach it as they are, whatever they contain. A call holds no worker; at
// most GOMAXPROCS commands run at once in the process, unless [Program].Options has a [lazy.Limit]. Stdin is empty if
// none is given. The environment is that of this process, with Env added, or Env alone (CleanEnv).
//
// Bad input is told before a process is started: what is of a wrong kind panics where it is recorded; what values of
// handles and the machine make wrong – no such program, no such directory, a NUL byte in an argument – is the error of
// the call.
//
// # What comes of it
//
// A [Result] has stdout, stderr and the exit code. An [Output] is in memory up to a bound and in a temporary file
// beyond; one that grows too large ends the command. Files that the command makes are to be declared ([Cmd].Outputs):
// they are digested, and come back as a [File] each, so that what depends on them depends on their content ([Made]).
// [Open] does so for files that are there already.
//
// An exit code that is neither 0 nor among [Program].Codes is an [*ExitError] with the end of what the command has said
// on stderr. A program that cannot be found is exec.ErrNotFound, one in the current directory alone exec.ErrDot.
//
// # Stopping
//
// When the run is stopped – its context has ended, another call has failed, [lazy.Timeout] – the command's whole
// process group is sent SIGTERM, and SIGKILL after [Program].Grace. So are processes that a command has left behind
// with its output open, after the same time; the command has then failed, for nobody knows what would have come.
// Elsewhere than on Unix the process alone is killed. Since commands are in groups of their own, a Ctrl-C at the
// terminal reaches this process and not them: let it end a context, with signal.NotifyContext, and have the program
// [Wait] for them before it ends, or they may stay when it has gone.
//
// # Results that outlive the program
//
// With [lazy.Memo] among its Options a program's results are kept in the session's cache. The key of a call has the
// path of the program, and size and modification time of its file; arguments, Env, the directory and the paths of
// Outputs; the content of stdin, and path and content of each [File] that is an argument or in Env; Codes and CleanEnv.
//
// Not in it are the inherited environment, files that the command reads without being given them as a File, what the
// program itself loads (libraries, the script that an interpreter is given by a string), the time, the network. Give
// files by Open and set CleanEnv where that matters; give the path of a script by Open, too. [lazy.Version] says that a
// new build of your program is no reason to run all commands again, or that one is.
//
// A kept result that has files is taken only if they are all there with the content they had; else the command runs
// again. (A result in the memory of this process is taken as it is: do not touch files that are results.) What was
// written to stdout and stderr is kept with the result.
//
// # What it costs
//
// Recording a command takes half a microsecond. To run one takes 1.1 to 1.4 ms for a program that does nothing,
// measured on two shared cores, which is what os/exec takes: the rest is lost in its scatter. Do not use it where a
// library does the same in less; or for processes that are to go on after the call, or that one talks to while they
// run.
package proc
