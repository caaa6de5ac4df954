package lazy

//go:generate go run ../internal/gen -root ..
