package window

import (
	"testing"

	"satisflow/pipeline/event"
)

func TestNoTwoPairsOfServiceAndChannelHaveOneKey(t *testing.T) {
	parts := []string{"a", "b", "/", "%", "%2F", "%25", "a/b", "a%2Fb", "//", "%%", "2F", "a/b/c", "\\", " "}
	keys := NewKeys(nil)
	found := map[Key][2]string{}
	for _, service := range parts {
		for _, channel := range parts {
			for _, id := range keys.Group(keys.GroupOf(&event.Event{Service: service, Channel: channel})) {
				key := keys.Key(id)
				if key.Dimension != ServiceChannel {
					continue
				}
				if other, taken := found[key]; taken {
					t.Errorf("%q and %q are both %+v", other, [2]string{service, channel}, key)
				}
				found[key] = [2]string{service, channel}
				if s, c := SplitServiceChannel(key.Value); s != service || c != channel {
					t.Errorf("%q of %q and %q is split into %q and %q", key.Value, service, channel, s, c)
				}
			}
		}
	}
	if len(found) != len(parts)*len(parts) {
		t.Errorf("%d keys, want %d", len(found), len(parts)*len(parts))
	}
	if v := ServiceChannelValue("data_analysis", "web"); v != "data_analysis/web" {
		t.Errorf("a plain name becomes %s", v)
	}
}
