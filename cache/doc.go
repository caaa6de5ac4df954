// Package cache keeps the results of calls under keys that are made of what the function is and of the contents of its
// arguments: in memory, in a directory, on a server, or in several of these, one before the other.
package cache
