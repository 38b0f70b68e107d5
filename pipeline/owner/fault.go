package owner

// Fault switches one guarantee off. Each is a trap that a design fell into once; the simulation sets them one at a time
// and must find the harm. They are never set outside tests.
type Fault uint32

const (
	DeltaSums            Fault = 1 << iota // pane sums moved by a record's effect instead of replaced
	WindowsOnlyTouched                     // closing windows written only when a pane in them was touched
	CheckpointFirst                        // checkpoint before the windows
	WatermarkReread                        // the checkpoint's watermark read again at the last step
	WatermarkFalls                         // the watermark may fall while "closed since" stays at the highest
	NoZeroKeys                             // keys that sum to zero left out when a window closes
	KnownRecent                            // known panes limited to recent ones
	KnownNotAdvanced                       // known panes not advanced by own writes
	NoStoredKeys                           // stored keys of a pane not read at page-in
	NamedKeysOnly                          // only the keys named since the last flush rewritten
	ChangedPanesOnly                       // panes rewritten only if a record changed them
	EvictInFlight                          // panes evicted before their flush was acknowledged
	MemoryKept                             // memory kept from an earlier assignment
	SumsBeforeCheckpoint                   // pane sums loaded before the checkpoint
	CheckpointAfterKnown                   // checkpoint read after the set of known panes
	RevokedCheckpoint                      // the rows of a revoked partition dropped, its checkpoint written
	QuarantinedCounted                     // quarantined ratings counted
	GenerationInVersion                    // the owner's generation above the cut in the version of panes and windows
	SumsRecentOnly                         // pane sums loaded only for recent panes
	WaitingPassed                          // the cut passes records that wait for their panes
	FailedKept                             // the owners of a failed flush go on
	NeverFrozen                            // a pane whose facts retention has removed is read back and rewritten
	RejectedUntouched                      // the pane of a record that a clock rejected left as it is
	FrozenByRecord                         // frozen is what is old by the record's own timestamp
	WatermarkAhead                         // a rating ahead of the clock moves the watermark there
	TopicUnchecked                         // a checkpoint of another topic taken for one's own
	MarkForgotten                          // the record before the cut not kept with the checkpoint
)

func (f Fault) has(x Fault) bool { return f&x != 0 }
