// Package rebuild owns how an epoch is filled beside the running one: by replay of the topic, or with the facts that the
// running epoch holds. Which epoch that is, when readers switch to it and when the old one is dropped is left to its
// caller.
//
// # From the topic
//
// A pipeline of its own reads the topic from its start, under the new definition, until every partition is checkpointed
// at the end that the topic had. Broken off, it goes on at its checkpoints. A processor may work on the same epoch.
//
// # From the facts
//
// The facts that the running epoch holds below its checkpoints are folded by the very owners that a processor has, in
// order of occurred_at, so that every pane and every window is written once, when all of it has been folded. Checkpoints
// are written last, all at once, with the cuts of the running epoch: a processor of the new epoch goes on there. An outage
// of ClickHouse is waited out, and the copy goes on where it was; broken off, it begins anew.
//
// # Non-obvious
//
//   - A rating of which a version came before the cut and the last one after it is not copied: the last version comes
//     again, as the processor goes on at the cut.
//   - While facts are copied no processor may work on the epoch (clickhouse.EnsureEpoch sees to that): from the start of a
//     topic that has lost its oldest records it would write panes that lack them, at higher versions.
//   - All rows of a copy have the cut as their version, whatever flush wrote them: later ones of a processor win.
//   - For a new topic offsets begin anew, so copied facts get the offset part 0 and lose to any record of the topic with
//     their revision, and the cut is 0.
package rebuild
