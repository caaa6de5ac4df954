//go:build race

package content

const racing = true
