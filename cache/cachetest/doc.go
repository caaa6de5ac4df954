// Package cachetest checks that a store does what a cache.Store has to.
package cachetest
