// Package apply owns how the dashboards get into a Grafana over its HTTP API: the folder, the data sources, the
// dashboards, the alert rules that only ClickHouse can answer, and, when asked, a contact point and the route to it.
// What they say is package grafana's; pages for the target are Prometheus' and Alertmanager's.
//
// # Non-obvious
//
//   - It looks at everything first and makes a plan; only then it changes what differs. A second run changes nothing:
//     Grafana makes a new version of a dashboard that is saved, also of an unchanged one.
//   - Everything has a fixed uid. A dashboard with one of ours that lacks the tag satisflow is somebody else's: refused.
//   - A dashboard is sent with the version that was looked at, so that Grafana refuses it (412) when somebody has saved it
//     meanwhile; and a data source likewise (409).
//   - Grafana adds keys to what it is given. Those that it is known to add, and empty ones, are no difference.
//   - Passwords of data sources cannot be read back. They are sent when there is none, or when asked.
//   - The tree of notification policies can only be put as a whole. It is read as plain JSON, only our route in it is
//     replaced, and all else goes back as it came, what the client's models do not know included.
//   - Only questions are repeated, never commands: the client's own retries repeat both. Its transport also sets the TLS of
//     the whole process; ours is its own.
package apply
