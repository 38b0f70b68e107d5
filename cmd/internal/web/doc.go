// Package web owns the pages that people read in a browser, rendered on the server: their look, their language and what
// they may load. Whom a page is for, and the guard in front of it (package guard: limits, log, host), is left to the
// application.
//
// # Non-obvious
//
//   - Pages have no script, and no style but the one file beside them: their policy forbids all else, so that text from
//     outside can never run.
//   - The language is that of ?lang=, else the browser's first that there is. Links in a page carry it on, so that there
//     is no cookie to ask for.
//   - The file of the style has the hash of its content in its name: browsers keep it for ever, and never an old one.
package web
