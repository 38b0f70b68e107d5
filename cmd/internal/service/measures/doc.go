// Package measures owns improvement measures (改进措施): what is planned to raise satisfaction, for whom, by whom and why, the tasks
// it consists of, and whether it helped. It declares the stores and the source of figures that it needs; routes and
// pages are the gateway's.
//
// # The life of a measure
//
//	proposed → planned → in_progress → done → evaluated → standardised
//
// and dropped from any of them but the last. What is to be reached, by which metric, against which control group, is said
// before it starts and frozen then: whoever chooses the yardstick after the fact finds an effect in noise. The effect is
// evaluated once it is done, from as many days after its start as before, on that metric alone.
//
// # Non-obvious
//
//   - A verdict needs ratings. The number that the expected effect needs for a power of 80 % is worked out when the measure is
//     planned; with fewer the verdict is too_few_data, whatever the figures look like.
//   - A measure is often taken where figures have just been bad, and such figures come back by themselves. Without a
//     control group the evaluation says so.
package measures
