// The two jobs as a good engineer would write them by hand in Go, in an afternoon: franz-go, sonic, a
// transaction a second. What it remembers of a household is in memory alone and gone with the process;
// nobody hears of readings that came too late, twice or broken.
//
//	peers windows|training BOOTSTRAP GROUP FOLDER
package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const commitInterval = time.Second

// job takes a record and hands its outputs, key and value, to emit.
type job func(record *kgo.Record, emit func(key, value []byte))

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name, bootstrap, group string) error {
	inputs, output, process := []string{"power"}, "predictions", windows()
	if name == "training" {
		inputs, output, process = []string{"power", "device-state"}, "dataset2train", training()
	}
	session, err := kgo.NewGroupTransactSession(
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumerGroup(group),
		kgo.TransactionalID(group),
		kgo.ConsumeTopics(inputs...),
		kgo.DefaultProduceTopic(output),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RequireStableFetchOffsets(),
		kgo.SessionTimeout(10*time.Second),
		kgo.FetchMaxPartitionBytes(1<<20),
		kgo.ProducerBatchMaxBytes(900_000),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerLinger(0),
		kgo.MaxBufferedRecords(200_000),
	)
	if err != nil {
		return err
	}
	for {
		if err := transaction(session, process); err != nil {
			return err
		}
	}
}

// transaction processes what comes within the commit interval.
func transaction(session *kgo.GroupTransactSession, process job) error {
	ctx := context.Background()
	if err := session.Begin(); err != nil {
		return err
	}
	var failure atomic.Pointer[error]
	emit := func(key, value []byte) {
		session.Produce(ctx, &kgo.Record{Key: key, Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				failure.Store(&err)
			}
		})
	}
	until, cancel := context.WithTimeout(ctx, commitInterval)
	defer cancel()
	for until.Err() == nil {
		fetches := session.PollRecords(until, 20_000)
		fetches.EachRecord(func(record *kgo.Record) { process(record, emit) })
	}
	if err := session.Client().Flush(ctx); err != nil {
		return err
	}
	if err := failure.Load(); err != nil {
		return *err
	}
	isCommitted, err := session.End(ctx, kgo.TryCommit)
	if err == nil && !isCommitted {
		// What it remembers has seen records that come again.
		err = fmt.Errorf("a rebalance cut a transaction")
	}
	return err
}
