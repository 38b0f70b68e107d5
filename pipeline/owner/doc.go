// Package owner owns the exact state of one partition: which ratings are in which pane, what the panes and windows sum to,
// and what one flush writes so that the stored rows are right whatever crashes, repeats or arrives late. It reads through
// Store, writes through Sink, takes the time as an argument, and leaves fetching, retrying and scheduling to its caller.
//
// # The life of a flush
//
// Records are folded into panes as they come (Owner.Fold); one whose pane has left the memory waits. About once a second a
// Flusher takes a Snapshot of every owner at its cut, the next offset to read, reads the panes back that records wait for,
// each once, and folds these (settle.go). Then it writes, in this order: facts; every pane that any record touched, with all
// its keys; every window that closed since the last checkpoint, and every closed one that covers a touched pane; dead
// letters; the checkpoint. Only then are the panes free to be evicted.
//
// # Why that is exact
//
// Facts are a lattice (the higher version wins), so order, duplicates and re-delivery do not matter. A checkpoint at C says
// that every record below C is durable. A pane or window row at version V holds at least every record below V; whatever it
// holds beyond V comes from a later offset, whose owner touches the pane again at a higher version. A second owner of the
// partition (a zombie after a rebalance) writes rows that are older, and lose, or newer, and true. So no fencing is needed.
//
// # Non-obvious
//
//   - The checkpoint is read before the known panes and the pane sums: rows read later can only be newer than it.
//   - A pane is rewritten when any record touched it, even one that changed nothing: the record may be the re-delivery
//     that repairs a torn insert of the owner before.
//   - Keys with zero sums are written too, or an older non-zero row of the key would stay.
//   - Pane sums for windows and gauges are replaced as a whole at each snapshot, never moved by a record's effect: the
//     stored sums and the stored facts may be of different owners and disagree until the pane is next touched. The sums of
//     a pane in memory are another thing: all its facts are there, so they are kept by adding a fact and taking away the
//     one that it replaces.
//   - Facts are a lattice, so a record that waits for its pane may be folded after later ones; it must be in the flush
//     whose cut lies beyond it.
//   - The watermark in the checkpoint is the one captured with the cut; read again later it would promise windows that
//     were not written.
//   - The series of pane sums changes only in Snapshot, settle and acked, which the flusher calls without overlap, so a flush
//     reads it without the lock.
package owner
