package acceptance

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// The tests bear the names of the first seed's: 满意度跟踪功能, 满意度分析功能, 客户趋势分析, 满意度阈值检查, 空数据处理. The sixth,
// 改进措施实施, comes with improvement measures.

func TestSatisfactionTracking满意度跟踪功能(t *testing.T) {
	s := startDev(t)
	status, answer := s.post(api+"/record", `{"customer_id":"C-1","service":"legal_consulting","rating":4.5,"comment":"回复很快,非常专业",
		"quality":{"response_time_ms":1200,"accuracy":0.98,"completeness":1}}`)
	if status != http.StatusOK && status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	got := s.eventually(api+"/analytics?window=28d", func(a map[string]any) bool { return at(a, "overall", "responses") == 1.0 })
	if at(got, "overall", "average_rating") != 4.5 || at(got, "overall", "high_satisfaction_rate") != 1.0 || at(got, "overall", "quality", "response_time_ms", "mean") != 1200.0 {
		t.Errorf("%v", got)
	}
}

func TestSatisfactionAnalytics满意度分析功能(t *testing.T) {
	s := startDev(t)
	var rows []string
	for i, r := range []float64{5, 4.5, 4, 3.5, 3, 2} {
		service := []string{"data_analysis", "legal_consulting"}[i%2]
		rows = append(rows, fmt.Sprintf(`{"customer_id":"C-%d","service":%q,"rating":%v}`, i, service, r))
	}
	if status, answer := s.post(api+"/record", "["+strings.Join(rows, ",")+"]"); status >= 300 {
		t.Fatalf("%d %v", status, answer)
	}
	got := s.eventually(api+"/analytics?window=28d&dimension=service", func(a map[string]any) bool { return at(a, "overall", "responses") == 6.0 })
	for figure, want := range map[string]float64{"average_rating": 22.0 / 6, "satisfaction_rate": 0.5, "high_satisfaction_rate": 2.0 / 6, "dissatisfaction_rate": 2.0 / 6} {
		if at(got, "overall", figure) != want {
			t.Errorf("%s: %v, want %v", figure, at(got, "overall", figure), want)
		}
	}
	if groups, ok := got["groups"].([]any); !ok || len(groups) != 2 || at(groups[0], "responses") != 3.0 || at(got, "overall", "verdict") != "below" {
		t.Errorf("groups %v, verdict %v", got["groups"], at(got, "overall", "verdict"))
	}
}

func TestCustomerTrends客户趋势分析(t *testing.T) {
	s := startDev(t)
	for i, r := range []int{2, 3, 5} {
		if status, answer := s.post(api+"/record", fmt.Sprintf(`{"customer_id":"C-7","service":"document_review","rating":%d,"rating_id":"r-%d","occurred_at":%q}`,
			r, i, daysAgo(21-7*i))); status >= 300 {
			t.Fatalf("%d %v", status, answer)
		}
	}
	got := s.eventually(api+"/trends/C-7", func(a map[string]any) bool { return at(a, "overall", "responses") == 3.0 })
	if at(got, "overall", "average_rating") != 10.0/3 {
		t.Errorf("%v", got)
	}
}

func TestThresholdCheck满意度阈值检查(t *testing.T) {
	s := startDev(t)
	bands := map[string]string{"2.99": "dissatisfied", "3": "dissatisfied", "3.01": "neutral", "3.49": "neutral", "3.5": "neutral",
		"3.99": "neutral", "4": "satisfied", "4.49": "satisfied", "4.5": "highly_satisfied"}
	for rating, want := range bands {
		status, answer := s.post(api+"/record", fmt.Sprintf(`{"customer_id":"C-1","service":"legal_consulting","rating":%s}`, rating))
		ratings, _ := answer["ratings"].([]any)
		if status >= 300 || len(ratings) != 1 || at(ratings[0], "band") != want {
			t.Errorf("%s: %d %v, want %s", rating, status, answer, want)
		}
	}
	got := s.eventually(api+"/analytics?window=1h", func(a map[string]any) bool { return at(a, "overall", "responses") == 9.0 })
	if at(got, "overall", "satisfaction_rate") != 3.0/9 || at(got, "overall", "high_satisfaction_rate") != 1.0/9 || at(got, "overall", "dissatisfaction_rate") != 2.0/9 {
		t.Errorf("%v", got["overall"])
	}
}

func TestEmptyData空数据处理(t *testing.T) {
	s := startDev(t)
	status, got := s.get(api + "/analytics?window=28d&dimension=service")
	if status != http.StatusOK || at(got, "overall", "responses") != 0.0 || at(got, "overall", "verdict") != "no_data" {
		t.Fatalf("%d %v", status, got)
	}
	for _, figure := range []string{"average_rating", "satisfaction_rate", "high_satisfaction_rate", "dissatisfaction_rate", "satisfaction_interval"} {
		if v, there := got["overall"].(map[string]any)[figure]; !there || v != nil {
			t.Errorf("%s: %v, want null", figure, v)
		}
	}
	if groups, ok := got["groups"].([]any); !ok || len(groups) != 0 {
		t.Errorf("groups: %v", got["groups"])
	}
}
