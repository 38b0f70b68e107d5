package owner

import (
	"context"
	"errors"
	"hash/crc32"

	"satisflow/pipeline/logid"
)

// simTopic is the identity of the simulated log.
var simTopic = logid.ID{Cluster: "k", Topic: "ratings", TopicID: "1"}

// simMark tells a record of the simulation from another one.
func simMark(off int64, r *simRecord) logid.Mark {
	return logid.Mark{Known: true, Offset: off, Sum: crc32.ChecksumIEEE([]byte(r.String()))}
}

// checkTopics lets a processor begin at each checkpoint once more: on the log itself, which it must take for it; and on
// one that was made again, and is longer, or that was cut and written again, which it must not.
func (s *sim) checkTopics() {
	for p := range s.db {
		c, ok := s.db[p].ckpt[0]
		if !ok {
			continue
		}
		if !s.takes(p, simTopic, s.log[p]) {
			s.wrong["its own log is another one"] = true
		}
		if c.Cut == 0 {
			continue
		}
		s.stats.otherLogs++
		again := append(append([]simRecord(nil), s.log[p]...), s.log[p]...)
		if s.takes(p, logid.ID{Cluster: "k", Topic: "ratings", TopicID: "2"}, again) || s.takes(p, logid.ID{Cluster: "l", Topic: "ratings"}, again) {
			s.wrong["a topic made again is read on"] = true
		}
		for i := range again {
			again[i].ev.RatingID += "x"
		}
		if s.takes(p, simTopic, again) || s.takes(p, logid.ID{}, again) {
			s.wrong["a log that was written again is read on"] = true
		}
	}
}

// takes reports whether a processor goes on in the log, as source.Reader decides it.
func (s *sim) takes(partition int, topic logid.ID, log []simRecord) bool {
	p := &proc{sim: s, yield: func(insert) bool { return true }, cfg: s.cfg}
	p.cfg.Topic = topic
	o, err := Assign(context.Background(), &p.cfg, simStore{p}, int32(partition), p.clock())
	if err != nil {
		if !errors.Is(err, logid.ErrAnother) {
			s.wrong["assign"] = true
		}
		return false
	}
	last := o.Position().Last
	return !last.Known || last == simMark(last.Offset, &log[last.Offset])
}
