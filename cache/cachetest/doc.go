// Package cachetest checks that a store does what a cache.Store has to. A test of a store is
//
//	func TestMyStore(t *testing.T) {
//		cachetest.Run(t, func(t *testing.T) cache.Store { return mystore.Open(t.TempDir()) }, cachetest.Bytes())
//	}
//
// It needs the standard library only. It takes about a second for a store on a disk, less with -short.
package cachetest
