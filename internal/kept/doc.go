// Package kept holds what package cache and package lazy have in common: what a store of results is, and what it keeps.
// Package cache shows all of it under the same names. It stands apart from package cache because that imports net/http,
// which a program that uses lazy alone does not need.
package kept
