package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"satisflow/cmd/internal/config"
	"satisflow/cmd/internal/service/erasure"
)

// erasing are the flags of erase.
type erasing struct {
	ratings, customers       []string
	ratingFile, customerFile string
	by                       string
	wait                     time.Duration
	dryRun, yes, json        bool
}

func newEraseCommand(s *shell) *cobra.Command {
	var o erasing
	cmd := &cobra.Command{
		Use:   "erase --rating ID... | --customer ID...",
		Short: "Erase ratings, or all ratings of a customer, for ever",
		Long: `Erase ratings by their rating_id, or all ratings of a customer: comment, answers and attributes
are removed and every sum is made anew without them. The erasures go through Kafka as events;
this command waits until the processor has stored them, deletes the rejected records that name
the subjects in whatever form, and what people wrote on their alerts, and merges the months
concerned. Then it reads all of these tables again, and is done only when no part on disk holds
any of it.

What remains: the row of an erased rating with its rating_id, customer_id, service and time; the
records in the Kafka topics until their retention; an entry in the table erasures with hashes of
the ids. Erasing again is harmless, and finishes what was broken off.

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 Kafka, ClickHouse or a processor is not there.`,
		Example: `  satisflow erase --customer c-1001 --by 'ticket 4711'
  satisflow erase --rating r-1 r-2 --dry-run
  satisflow erase --customer-file leavers.txt --yes --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			loaded, err := s.load(cmd)
			if err != nil {
				return err
			}
			request, err := o.request(args, s.stdin)
			if err != nil {
				return usageError(err)
			}
			return s.erase(cmd.Context(), &loaded, request, o)
		},
	}
	withConfig(cmd)
	shorthand(cmd, "brokers", "kafka.brokers", "addresses of Kafka, host:port")
	shorthand(cmd, "clickhouse", "clickhouse.dsn", "address of ClickHouse, such as http://host:8123/satisflow")
	f := cmd.Flags()
	f.StringArrayVar(&o.ratings, "rating", nil, "rating_id; repeatable, and more may follow as arguments")
	f.StringArrayVar(&o.customers, "customer", nil, "customer_id as producers send it; repeatable, and more may follow as arguments")
	f.StringVar(&o.ratingFile, "file", "", "file with a rating_id on each line; - is the standard input")
	f.StringVar(&o.customerFile, "customer-file", "", "file with a customer_id on each line; - is the standard input")
	f.StringVar(&o.by, "by", "", "who asks, for the audit (default: your user name)")
	f.DurationVar(&o.wait, "wait", erasure.DefaultConfig().Wait, "how long to wait for the processor")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be erased")
	f.BoolVar(&o.yes, "yes", false, "do not ask for confirmation")
	f.BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// request reads the ids, which are all of one kind.
func (o *erasing) request(args []string, stdin io.Reader) (erasure.Request, error) {
	r := erasure.Request{Kind: erasure.KindRating, IDs: append(o.ratings, args...), By: o.by}
	file := o.ratingFile
	if len(o.customers) > 0 || o.customerFile != "" {
		if len(o.ratings) > 0 || o.ratingFile != "" {
			return r, errors.New("--rating and --customer: want ids of one kind")
		}
		r.Kind, r.IDs, file = erasure.KindCustomer, append(o.customers, args...), o.customerFile
	}
	if len(args) > 0 && len(o.ratings)+len(o.customers) == 0 {
		return r, errors.New("want --rating or --customer before the ids")
	}
	if file != "" {
		lines, err := readLines(file, stdin)
		if err != nil {
			return r, err
		}
		r.IDs = append(r.IDs, lines...)
	}
	if len(r.IDs) == 0 {
		return r, errors.New("nothing is named: want --rating ID, --customer ID or a file of them")
	}
	if r.By == "" {
		r.By = "command: " + userName()
	}
	return r, r.Validate()
}

// readLines returns the lines of a file that are not blank, without white space around them.
func readLines(path string, stdin io.Reader) (lines []string, err error) {
	in := io.NopCloser(stdin)
	if path != "-" {
		if in, err = os.Open(path); err != nil {
			return nil, err
		}
	}
	defer in.Close()
	scanner := bufio.NewScanner(in)
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return lines, nil
}

func userName() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}

func (s *shell) erase(ctx context.Context, loaded *config.Loaded, request erasure.Request, o erasing) (err error) {
	conn, err := connectMigrated(ctx, loaded)
	if err != nil {
		return err
	}
	defer conn.Close()
	bounds := erasure.DefaultConfig()
	bounds.Wait = o.wait
	e, err := newEraser(&loaded.Config, conn, textBesideGateway{conn}, bounds)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close(ctx)) }()
	found, err := e.Find(ctx, request)
	if err != nil {
		return erasingError(err)
	}
	if o.dryRun || !o.json {
		if err := s.printFound(request, found, o); o.dryRun || err != nil {
			return err
		}
	}
	if !o.yes {
		if err := s.confirm(ctx, "Erase them for ever?"); err != nil {
			return err
		}
	}
	begin := time.Now()
	job, err := e.Begin(ctx, request)
	if err == nil {
		err = e.Finish(ctx, job, func(text string) { fmt.Fprintln(s.stderr, text) })
	}
	if err != nil {
		return erasingError(err)
	}
	return s.printErased(&loaded.Config, job.Erasure, found, time.Since(begin), o.json)
}

// erasingError gives an error of erasing its exit code.
func erasingError(err error) error {
	switch {
	case errors.Is(err, erasure.ErrBehind) || errors.Is(err, erasure.ErrNoEpoch):
		return unavailable(err)
	case errors.Is(err, erasure.ErrBlind):
		return usageError(err)
	}
	return err
}

// confirm asks a person, who must be there. Ctrl-C is an answer: nothing is changed.
func (s *shell) confirm(ctx context.Context, question string) error {
	if !isTerminal(s.stdin) {
		return usageError(errors.New("nobody is there to confirm it: add --yes"))
	}
	fmt.Fprintf(s.stderr, "%s [y/N] ", question)
	line, err := readAnswer(ctx, s.stdin)
	if ctx.Err() != nil {
		fmt.Fprintln(s.stderr) // the terminal shows ^C behind the question
		return fmt.Errorf("interrupted: nothing was changed: %w", ctx.Err())
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("not confirmed: nothing was changed")
	}
	return nil
}

// readAnswer reads a line, or returns when the context ends: a terminal cannot be told to stop reading, so that the reader stays
// until the process ends.
func readAnswer(ctx context.Context, from io.Reader) (string, error) {
	type result struct {
		line string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		line, err := bufio.NewReader(from).ReadString('\n')
		read <- result{line, err}
	}()
	select {
	case r := <-read:
		return r.line, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
