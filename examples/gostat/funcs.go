package main

import (
	"go/ast"
	"go/token"
)

// Func is a declared function or method. Function literals are part of the function they stand in; those outside of
// any are not counted.
type Func struct {
	Name       string // "Parse", "(*Decoder).Decode"
	Line       int    // where it begins
	Lines      int    // from the word func to the closing brace
	Complexity int
}

func functions(fset *token.FileSet, file *ast.File) []Func {
	var funcs []Func
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		begin := fset.PositionFor(d.Pos(), false).Line // false: as it stands in this file, whatever //line says
		end := fset.PositionFor(d.End(), false).Line
		funcs = append(funcs, Func{funcName(d), begin, end - begin + 1, complexity(d)})
	}
	return funcs
}

// complexity is McCabe's cyclomatic number, the count of independent ways through a function: 1, and 1 more for each
// if, for, case of a switch or select (default is no decision), && and ||.
func complexity(d *ast.FuncDecl) int {
	n := 1
	ast.Inspect(d, func(node ast.Node) bool {
		switch x := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if x.List != nil {
				n++
			}
		case *ast.CommClause:
			if x.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if x.Op == token.LAND || x.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}

// funcName returns the name with its receiver, without type parameters.
func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	pointer := false
	for t := d.Recv.List[0].Type; ; {
		switch x := t.(type) {
		case *ast.ParenExpr:
			t = x.X
		case *ast.StarExpr:
			t, pointer = x.X, true
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			if pointer {
				return "(*" + x.Name + ")." + d.Name.Name
			}
			return x.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}
