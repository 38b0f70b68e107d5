// Package sinktest owns the contract that every store of an owner's rows keeps: Run checks it, Memory is the smallest
// implementation of it. What the rows mean and when they are written is left to package owner.
//
// Non-obvious: Memory forgets like the real store does. It hands back only the columns that a page-in reads and copies
// every string, so that a test against it fails where a caller counts on more than the contract gives.
package sinktest
