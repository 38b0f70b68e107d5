package grafana

import "strings"

// linked says whether runbooks can be reached by a link: a path in the repository is none for a browser.
func (c Config) linked() bool { return strings.Contains(c.Rules.RunbookBase, "://") }

// runbook is the link to the runbook of an alert.
func (b *board) runbook(alert string) []BoardLink {
	if !b.cfg.linked() {
		return nil
	}
	link := boardLink(b.t(text{"Runbook of ", "处置手册："})+alert, b.cfg.Rules.RunbookBase+"/"+alert+".md", "doc")
	link.TargetBlank = true
	return []BoardLink{link}
}

// runbookOfAlert links the name of an alert in a table's cell to its runbook.
func (b *board) runbookOfAlert() []Property {
	if !b.cfg.linked() {
		return nil
	}
	return []Property{{"links", []Link{{Title: b.t(text{"Runbook", "处置手册"}), URL: b.cfg.Rules.RunbookBase + "/${__value.raw}.md", TargetBlank: true}}}}
}

func (b *board) runbookIndex() []BoardLink {
	if !b.cfg.linked() {
		return nil
	}
	link := boardLink(b.t(text{"Runbooks", "处置手册"}), b.cfg.Rules.RunbookBase, "doc")
	link.TargetBlank = true
	return []BoardLink{link}
}
