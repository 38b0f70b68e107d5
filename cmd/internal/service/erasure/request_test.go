package erasure

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"satisflow/pipeline/admit"
)

var secret = []byte("0123456789abcdef0123456789abcdef")

func TestRequestsThatCannotBeMeantAreRefused(t *testing.T) {
	many := make([]string, MaxIDs+1)
	for name, r := range map[string]Request{
		"no kind":                  {"", []string{"a"}, "me"},
		"no ids":                   {KindRating, nil, "me"},
		"too many":                 {KindCustomer, many, "me"},
		"nobody":                   {KindRating, []string{"a"}, ""},
		"a rating id with a blank": {KindRating, []string{"a", "a b"}, "me"},
		"an empty customer":        {KindCustomer, []string{""}, "me"},
		"a long customer":          {KindCustomer, []string{strings.Repeat("客", 129)}, "me"},
		"a customer of no text":    {KindCustomer, []string{"\xff"}, "me"},
	} {
		if err := r.Validate(); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, r := range []Request{{KindRating, []string{"A-1.b:c_2"}, "me"}, {KindCustomer, []string{strings.Repeat("客", 128), "o'hara@example.com"}, "me"}} {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestCustomersAreLookedForInEveryFormThatTheyMayBeStoredIn(t *testing.T) {
	r := Request{Kind: KindCustomer, IDs: []string{"c-1"}}
	if got := r.subjects(nil).Customers; !slices.Equal(got, []string{"c-1"}) {
		t.Errorf("plain: %v", got)
	}
	if got := r.subjects(secret).Customers; !slices.Equal(got, []string{"c-1", admit.Pseudonym(secret, "c-1")}) {
		t.Errorf("hashed: %v", got)
	}
	if got := (Request{Kind: KindRating, IDs: []string{"r"}}).subjects(secret); len(got.Customers) > 0 || len(got.Ratings) != 1 {
		t.Errorf("a rating: %+v", got)
	}
}

func TestTheAuditHoldsHashesThatDifferByKindAndAreNoPseudonyms(t *testing.T) {
	seen := map[string]bool{}
	for _, key := range [][]byte{nil, secret} {
		for _, kind := range []string{KindCustomer, KindRating} {
			h := Request{Kind: kind, IDs: []string{"same"}}.hashes(key)[0]
			if seen[h] || strings.Contains(h, admit.Pseudonym(secret, "same")) || strings.HasPrefix(h, "hmac-") != (key != nil) {
				t.Errorf("%s with key %q: %s", kind, key, h)
			}
			seen[h] = true
		}
	}
}
