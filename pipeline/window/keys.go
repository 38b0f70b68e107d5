package window

import (
	"slices"
	"strings"

	"satisflow/pipeline/event"
)

// Names of the rolled dimensions that are built in; each declared attribute is one more.
const (
	Overall        = "overall" // one value, the empty text
	Service        = "service"
	Product        = "product"
	Channel        = "channel"
	Segment        = "segment"
	ServiceChannel = "service_channel" // value: that of ServiceChannelValue
	Staff          = "staff"           // ratings of respondent staff, by service; they are in no other dimension
)

// BuiltinDimensions lists the rolled dimensions of every installation.
func BuiltinDimensions() []string {
	return []string{Overall, Service, Product, Channel, Segment, ServiceChannel, Staff}
}

// Key is one value of one dimension.
type Key struct{ Dimension, Value string }

// ServiceChannelValue is the value of a service and a channel in their common dimension: service/channel, with %25 and %2F for
// % and / in the name of the service, so that no two pairs have one value.
func ServiceChannelValue(service, channel string) string {
	return escapeService.Replace(service) + "/" + channel
}

// SplitServiceChannel is the inverse of ServiceChannelValue.
func SplitServiceChannel(value string) (service, channel string) {
	service, channel, _ = strings.Cut(value, "/")
	return unescapeService.Replace(service), channel
}

var (
	escapeService   = strings.NewReplacer("%", "%25", "/", "%2F")
	unescapeService = strings.NewReplacer("%25", "%", "%2F", "/")
)

// KeyID is the number of a Key in a Keys table.
type KeyID uint32

// GroupID is the number of the group of keys that one event counts in.
type GroupID uint32

// Keys numbers keys and the groups of keys that events count in, so that the hot path compares and copies integers.
// It is not safe for concurrent use.
type Keys struct {
	attributes []string
	keys       []Key
	byKey      map[Key]KeyID
	groups     [][]KeyID
	byGroup    map[string]GroupID
	buf        []byte
	held       int
}

// Places in the tables, their maps' slots and growing room included, in bytes.
const (
	keyPlace   = 160
	groupPlace = 120
)

// Bytes is the memory that the keys and groups take.
func (k *Keys) Bytes() int { return k.held }

// NewKeys returns an empty table for the declared attributes.
func NewKeys(attributes []string) *Keys {
	return &Keys{attributes: attributes, byKey: map[Key]KeyID{}, byGroup: map[string]GroupID{}}
}

// Key returns the key with the number.
func (k *Keys) Key(id KeyID) Key { return k.keys[id] }

// Len returns how many keys there are.
func (k *Keys) Len() int { return len(k.keys) }

// ID returns the number of the key, giving it one when it is new. The key's strings are copied then.
func (k *Keys) ID(key Key) KeyID {
	if id, ok := k.byKey[key]; ok {
		return id
	}
	key = Key{strings.Clone(key.Dimension), strings.Clone(key.Value)}
	id := KeyID(len(k.keys))
	k.keys = append(k.keys, key)
	k.byKey[key] = id
	k.held += keyPlace + len(key.Dimension) + len(key.Value)
	return id
}

// Group returns the keys of the group.
func (k *Keys) Group(id GroupID) []KeyID { return k.groups[id] }

// GroupOf returns the group of keys that the event counts in. It does not allocate for a group seen before.
func (k *Keys) GroupOf(e *event.Event) GroupID {
	b := k.buf[:0]
	if e.Staff {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	for _, s := range [...]string{e.Service, e.ProductID, e.Channel, e.Segment} {
		b = append(append(b, s...), 0xff) // 0xff is in no UTF-8 text
	}
	for _, a := range e.Attributes {
		b = append(append(b, a.Key...), 0xff)
		b = append(append(b, a.Value...), 0xff)
	}
	k.buf = b
	if id, ok := k.byGroup[string(b)]; ok {
		return id
	}
	return k.addGroup(string(b), k.keysOf(e))
}

func (k *Keys) keysOf(e *event.Event) []KeyID {
	if e.Staff {
		return []KeyID{k.ID(Key{Staff, e.Service})}
	}
	ids := []KeyID{k.ID(Key{Overall, ""}), k.ID(Key{Service, e.Service})}
	add := func(dimension, value string) {
		if value != "" {
			ids = append(ids, k.ID(Key{dimension, value}))
		}
	}
	add(Product, e.ProductID)
	add(Channel, e.Channel)
	add(Segment, e.Segment)
	if e.Channel != "" {
		add(ServiceChannel, ServiceChannelValue(e.Service, e.Channel))
	}
	for _, a := range e.Attributes {
		if slices.Contains(k.attributes, a.Key) {
			add(a.Key, a.Value)
		}
	}
	return ids
}

// NoKey is in place of the number of a key that Keep has freed.
const NoKey = ^KeyID(0)

// Keep frees the keys that are not live, by number, and the groups that hold one of them, and numbers the others anew. It
// returns the new numbers by the old ones; that of a freed group means nothing.
func (k *Keys) Keep(live []bool) (keys []KeyID, groups []GroupID) {
	kept := NewKeys(k.attributes)
	keys, groups = make([]KeyID, len(k.keys)), make([]GroupID, len(k.groups))
	for id, key := range k.keys {
		if keys[id] = NoKey; live[id] {
			keys[id] = kept.ID(key)
		}
	}
	for text, id := range k.byGroup {
		ids := make([]KeyID, 0, len(k.groups[id]))
		for _, old := range k.groups[id] {
			if keys[old] != NoKey {
				ids = append(ids, keys[old])
			}
		}
		if len(ids) == len(k.groups[id]) {
			groups[id] = kept.addGroup(text, ids)
		}
	}
	*k = *kept
	return keys, groups
}

// addGroup numbers the group of the text.
func (k *Keys) addGroup(text string, ids []KeyID) GroupID {
	id := GroupID(len(k.groups))
	k.groups = append(k.groups, ids)
	k.byGroup[text] = id
	k.held += groupPlace + len(text) + 4*cap(ids)
	return id
}
