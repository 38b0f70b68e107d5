package stats

import "math"

// ClusteredShare is a share of ratings that come in clusters, such as several from one customer.
type ClusteredShare struct {
	Share      float64
	SE         float64 // standard error that respects the clusters
	Effective  float64 // how many independent ratings would say as much
	Interval           // Wilson's, of the effective number
	Clusters   int
	PerCluster float64 // the share with each cluster counted once: the mean of the clusters' shares
}

// Clustered returns the share of the counts, one for each cluster (K of N ratings), with an interval for the quantile z that
// holds when the ratings of a cluster go together; false with fewer than two clusters that have ratings. The effective
// number is never more than the ratings, and where all ratings agree it is the number of clusters, as nothing tells
// how far they go together.
//
// Source: W. G. Cochran, Sampling Techniques, 3rd ed. (Wiley, 1977), 9A.2 (the linearized variance of a ratio over
// clusters, with the factor m/(m−1)); L. Kish, Survey Sampling (1965), for the effective size p(1−p)/SE².
func Clustered(clusters []Count, z float64) (ClusteredShare, bool) {
	var all Count
	c := ClusteredShare{}
	for _, x := range clusters {
		if x.N > 0 {
			all.K, all.N = all.K+x.K, all.N+x.N
			c.PerCluster += x.Share()
			c.Clusters++
		}
	}
	if c.Clusters < 2 {
		return ClusteredShare{}, false
	}
	m, n := float64(c.Clusters), float64(all.N)
	c.PerCluster /= m
	c.Share = all.Share()
	squares := 0.0
	for _, x := range clusters {
		d := float64(x.K) - c.Share*float64(x.N)
		squares += d * d
	}
	c.SE = math.Sqrt(squares*m/(m-1)) / n
	c.Effective = m
	if c.SE > 0 {
		c.Effective = min(n, c.Share*(1-c.Share)/(c.SE*c.SE))
	}
	c.Interval = wilson(c.Share, c.Effective, z)
	return c, true
}
