package source

// Hooks are what the caller counts. Each may be nil; they are called from several
// goroutines and must return at once.
type Hooks struct {
	// Assigned is called for every assignment, before its owner runs.
	Assigned func(Assignment)
	// GroupError is called for every failure to join or stay in the group, or to learn
	// about the topic.
	GroupError func(error)
	// FetchError is called for every failed fetch or connection of a partition; all are retried.
	FetchError func(partition int32, err error)
	// Lost is called when retention removed the records [from, to) before they were read.
	Lost func(partition int32, from, to int64)
	// CommitError is called when a static assignment could not commit or fetch offsets.
	CommitError func(error)
}

func (h Hooks) assigned(a Assignment) {
	if h.Assigned != nil {
		h.Assigned(a)
	}
}

func (h Hooks) groupError(err error) {
	if h.GroupError != nil {
		h.GroupError(err)
	}
}

func (h Hooks) fetchError(partition int32, err error) {
	if h.FetchError != nil {
		h.FetchError(partition, err)
	}
}

func (h Hooks) lost(partition int32, from, to int64) {
	if h.Lost != nil {
		h.Lost(partition, from, to)
	}
}

func (h Hooks) commitError(err error) {
	if h.CommitError != nil {
		h.CommitError(err)
	}
}
