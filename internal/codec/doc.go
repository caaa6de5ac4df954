// Package codec turns values into bytes and back, for stores that keep bytes.
package codec
