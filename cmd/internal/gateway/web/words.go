package web

// pageWords are the texts of the pages about figures and alerts, in one language.
type pageWords struct {
	Start, Alerts, Interface, ToStart, AllAlerts, TheAlert, Again, ZoneNote, Filters, Empty1, Empty1Help, Verdict, Satisfied, Mean, NRatings                                                              string
	Target, Change, Before, Now, Window, Services, Service, Segment, Customer, Channels, Channel, NoData, AsOf, Late, Never, WindowsNow                                                                   string
	Table, NeedYou, NobodyNeeded, AtWork, Unseen, Overdue, Critical, More, AndRunbooks, FindCustomer, FindCustomerHelp, Show, Watchlist                                                                   string
	WatchlistHelp, WatchlistEmpty, WatchlistMore, Why, Last, LastNone, OtherAlerts, State, Rule, Severity, Assignee, AssigneeHelp, Any, AllStates                                                         string
	AtWorkState, OnlyOverdue, Filter, ClearAll, NoAlerts, NoAlertsAt, NextPage, FirstPage, Opened, Due, Nobody, Subject, Clock, Contact                                                                   string
	Resolve, Done, DoneLate, Stopped, Details, Record, Meanwhile, Weight, RatingsBehind, Holds, HoldsNot, LastRating, ResolutionText, Work                                                                string
	YourName, YourNameHelp, CommentField, CommentHelp, NoTrend, ResolveHelp, ReopenHelp, AssignTo, ReadOnly, NothingDone, Written, CustomerAlerts, CustomerAlertsNone, LastRatings                        string
	LastRatingsNone, Rating, Time, DaysBefore, GroupAlerts, GroupAlertsNone, Pseudonym, NoEpoch, NoEpochHelp, Away, AwayHelp, UnsureHelp                                                                  string
	NoAlert, NoAlertHelp, Foreign, ForeignHelp, TooLong, TooLongHelp, NoService, NoServiceHelp, NoSegment, NoSegmentHelp, NoCustomer, NoCustomerHelp                                                      string
	Firing, FiringAbsent, FiringFailed, FiringNone, FiringMore, FiringSince, RunbookOf, Save, SaveHelp, NotYetSaved, AssignedTo, AssignedNobody, WatchlistFirst, NoVersion, WrongState, Changed, NotReady string

	// By the words of the API.
	Recoveries, Verdicts, States, Rules, Levels, Acts, Did, Actions, WrongField, WrongFilter map[string]string
}
