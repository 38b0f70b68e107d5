// Package web owns the pages that people read and work with in a browser, rendered on the server: where satisfaction
// stands, the alerts and the work on them, customers, services, segments and runbooks; their look, their languages and what
// they may load. It declares the readers that it needs. What an action does to an alert is left to package alerting, and the
// guard in front of every page (package guard: limits, log, host) to the application.
//
// # Non-obvious
//
//   - Pages have no script, and no style but the one file beside them: their policy forbids all else, so that text from
//     outside can never run. Charts are SVG in the page, once for wide and once for narrow screens.
//   - The language is that of ?lang=, else the browser's first that there is. Links in a page carry it on, so that there
//     is no cookie for it. The one cookie holds the name that somebody gave to work on alerts: there is no sign-in.
//   - A form sends the version of the alert that it was made of. When somebody else was faster nothing is done, and the page
//     comes back with what was typed and what happened meanwhile.
//   - Browsers tell the origin of a form only where the policy for referrers lets them; no-referrer, as the guard has it,
//     makes it null. So pages say same-origin, or forms would be refused over plain HTTP.
//   - The file of the style has the hash of its content in its name: browsers keep it for ever, and never an old one.
package web
