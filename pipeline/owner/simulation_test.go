package owner

import (
	"flag"
	"runtime"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

var (
	simRuns  = flag.Int("sim.runs", 10_000, "schedules of the exactness simulation")
	simTrace = flag.Bool("sim.trace", false, "print the schedule of the first seed")
	simFault = flag.Uint64("sim.fault", 0, "a Fault that is switched on in the test by rapid")
	simSeed  = flag.Uint64("sim.seed", 0, "first seed; one seed reproduces one schedule")
)

func simulate(runs int, first uint64, fault Fault, v variant) (wrong int, firstWrong uint64, kinds map[string]int, total simStats, with simStats) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	kinds, firstWrong = map[string]int{}, ^uint64(0)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < runs; i += workers {
				s := runSim(seeded(first+uint64(i)), fault, v)
				mu.Lock()
				if len(s.wrong) > 0 {
					wrong++
					firstWrong = min(firstWrong, first+uint64(i))
				}
				for k := range s.wrong {
					kinds[k]++
				}
				total.add(s.stats)
				with.add(s.stats.once())
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return wrong, firstWrong, kinds, total, with
}

func (a *simStats) add(b simStats) {
	a.crashes += b.crashes
	a.zombies += b.zombies
	a.revocations += b.revocations
	a.evictions += b.evictions
	a.torn += b.torn
	a.delays += b.delays
	a.repeats += b.repeats
	a.flushes += b.flushes
	a.late += b.late
	a.paged += b.paged
	a.lateCorrections += b.lateCorrections
	a.clockSteps += b.clockSteps
	a.clockBack += b.clockBack
	a.failedReads += b.failedReads
	a.failedInserts += b.failedInserts
	a.outlived += b.outlived
	a.survived += b.survived
	a.frozen += b.frozen
	a.otherLogs += b.otherLogs
	for i := range a.effects {
		a.effects[i] += b.effects[i]
	}
}

// once is 1 for each count that is not 0.
func (a simStats) once() simStats {
	for _, n := range []*int{&a.crashes, &a.zombies, &a.revocations, &a.evictions, &a.torn, &a.delays, &a.repeats, &a.flushes, &a.late, &a.paged, &a.lateCorrections,
		&a.clockSteps, &a.clockBack, &a.failedReads, &a.failedInserts, &a.outlived, &a.survived, &a.frozen, &a.otherLogs} {
		*n = min(*n, 1)
	}
	for i := range a.effects {
		a.effects[i] = min(a.effects[i], 1)
	}
	return a
}

func TestEverySchedule(t *testing.T) {
	wrong, first, kinds, total, with := simulate(*simRuns, *simSeed, 0, asDesigned)
	t.Logf("%d schedules; events %+v; schedules with at least one %+v", *simRuns, total, with)
	if wrong > 0 {
		t.Fatalf("%d of %d schedules wrong, first seed %d: %v", wrong, *simRuns, first, kinds)
	}
	for _, least := range []struct {
		what         string
		got, percent int
	}{
		{"a crash", with.crashes, 80}, {"a zombie at the end", with.zombies, 50}, {"a revocation amid a flush", with.revocations, 10},
		{"a late rating", with.late, 60}, {"a late correction", with.lateCorrections, 20}, {"an eviction", with.evictions, 80}, {"a page-in", with.paged, 80},
		{"a clock that is set", with.clockSteps, 50}, {"a log that is another one", with.otherLogs, 80}, {"an owner's clock set back", with.clockBack, 30},
		{"a failed read", with.failedReads, 50}, {"a failed insert", with.failedInserts, 20}, {"an insert that arrived after its error", with.outlived, 5},
		{"a record of a frozen pane", with.frozen, 12}, {"a process that went on after an error", with.survived, 40},
		{"a torn insert", with.torn, 50}, {"a delayed insert", with.delays, 20}, {"a repeated insert", with.repeats, 40}, {"a flush", with.flushes, 99},
	} {
		if 100*least.got < least.percent**simRuns {
			t.Errorf("%d of %d schedules have %s, want %d %%: the simulation does not try what it should", least.got, *simRuns, least.what, least.percent)
		}
	}
	for i, e := range effectsWanted {
		if 100*with.effects[i] < e.percent**simRuns {
			t.Errorf("%d of %d schedules have %s, want %d %%", with.effects[i], *simRuns, e.what, e.percent)
		}
	}
	if total.flushes < 8**simRuns {
		t.Errorf("%d flushes in %d schedules, want 8 each", total.flushes, *simRuns)
	}
}

// rapidChooser lets rapid make the choices, so that it finds the smallest schedule that is wrong.
type rapidChooser struct{ t *rapid.T }

func (c rapidChooser) intn(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "choice") }

// With -sim.fault=N (a Fault) the trap is open and rapid shows the smallest schedule that falls into it.
func TestNoScheduleThatRapidFindsIsWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if s := runSim(rapidChooser{t}, Fault(*simFault), asDesigned); len(s.wrong) > 0 {
			for p, log := range s.log {
				for off, r := range log {
					t.Logf("p%d offset %d at %d: %s", p, off, r.at, r)
				}
			}
			t.Fatalf("wrong: %v", s.wrong)
		}
	})
}

// traps are the designs that were wrong, each a switch on the production code (or on what the store answers) that the
// simulation must catch.
var traps = []struct {
	name    string
	fault   Fault
	variant variant
}{
	{name: "pane sums moved by the effect of records", fault: DeltaSums},
	{name: "closing windows written only when touched", fault: WindowsOnlyTouched},
	{name: "checkpoint before the windows", fault: CheckpointFirst},
	{name: "watermark read again for the checkpoint", fault: WatermarkReread},
	{name: "a falling watermark with since at the highest", fault: WatermarkFalls},
	{name: "zero keys left out at the closing", fault: NoZeroKeys},
	{name: "known panes limited to recent ones", fault: KnownRecent},
	{name: "known panes not advanced by own writes", fault: KnownNotAdvanced},
	{name: "no stored keys at page-in", fault: NoStoredKeys},
	{name: "only the keys named rewritten", fault: NamedKeysOnly},
	{name: "a pane rewritten only if it changed", fault: ChangedPanesOnly},
	{name: "evicted before acknowledged", fault: EvictInFlight},
	{name: "memory kept over assignments", fault: MemoryKept},
	{name: "sums loaded before the checkpoint", fault: SumsBeforeCheckpoint},
	{name: "checkpoint read after the known panes", fault: CheckpointAfterKnown},
	{name: "a revoked partition's checkpoint written", fault: RevokedCheckpoint},
	{name: "quarantined ratings counted", fault: QuarantinedCounted},
	{name: "the generation in the version", fault: GenerationInVersion},
	{name: "sums of recent panes only", fault: SumsRecentOnly},
	{name: "the cut beyond records that wait for their panes", fault: WaitingPassed},
	{name: "the owners of a failed flush go on", fault: FailedKept},
	{name: "panes whose facts are gone are rewritten", fault: NeverFrozen},
	{name: "the topic of a checkpoint not compared", fault: TopicUnchecked},
	{name: "the last record not kept with the checkpoint", fault: MarkForgotten},
	{name: "a rating ahead of the clock moves the watermark", fault: WatermarkAhead},
	{name: "the checkpoint's halves read apart", variant: halvesApart},
	{name: "reads from a lagging replica", variant: laggingReplica},
	{name: "additive deltas with an insert token", variant: additiveDeltas},
}

func TestEachTrapIsCaught(t *testing.T) {
	for _, trap := range traps {
		t.Run(trap.name, func(t *testing.T) {
			for runs := 500; runs <= *simRuns; runs *= 4 {
				wrong, first, kinds, _, _ := simulate(runs, *simSeed, trap.fault, trap.variant)
				if wrong > 0 {
					t.Logf("%d of %d schedules wrong, first seed %d: %v", wrong, runs, first, kinds)
					return
				}
			}
			t.Errorf("not caught in %d schedules", *simRuns)
		})
	}
}

// A schedule is a function of its seed: -sim.seed=N -sim.trace -run TestASeedReproducesItsSchedule prints it step by step.
func TestASeedReproducesItsSchedule(t *testing.T) {
	for range 20 {
		a, b := runSim(seeded(*simSeed+7), 0, asDesigned), runSim(seeded(*simSeed+7), 0, asDesigned)
		if a.stats != b.stats || len(a.wrong) != len(b.wrong) {
			t.Fatalf("two runs of a seed differ: %+v and %+v", a.stats, b.stats)
		}
	}
	if !*simTrace {
		return
	}
	s := runSim(seeded(*simSeed), 0, asDesigned, true)
	for p, log := range s.log {
		for off, r := range log {
			t.Logf("p%d offset %d at %d: %s", p, off, r.at, r)
		}
	}
	if len(s.wrong) > 0 {
		t.Fatal(s.wrong)
	}
}
