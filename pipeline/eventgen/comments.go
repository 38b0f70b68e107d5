package eventgen

import (
	"slices"
	"strings"

	"satisflow/pipeline/event"
)

func sortedCopy(s []string) []string { return slices.Sorted(slices.Values(s)) }

// mood is what a comment's score is.
type mood uint8

const (
	content   mood = iota // 4 and above
	divided               // between 3 and 4
	unhappy               // 3 and below
	moodCount             // of moods
)

func moodOf(rating int32) mood {
	switch {
	case rating >= 400:
		return content
	case rating > 300:
		return divided
	}
	return unhappy
}

// comment writes a comment that fits the score and the service.
func (g *Generator) comment(e *event.Event, chinese bool) string {
	texts, names := english, englishNames
	if chinese {
		texts, names = chineseTexts, chineseNames
	}
	name, known := names[e.Service]
	if !known {
		name = names[""]
	}
	text := pick(g, texts[moodOf(e.Rating)])
	if own, some := ofService[chinese][e.Service]; some && g.rand.Float64() < 0.35 {
		text = pick(g, own[moodOf(e.Rating)])
	}
	return strings.ReplaceAll(text, "{service}", name)
}

var (
	englishNames = map[string]string{"data_analysis": "data analysis", "legal_consulting": "legal advice", "document_review": "document review", "": "service"}
	chineseNames = map[string]string{"data_analysis": "数据分析", "legal_consulting": "法律咨询", "document_review": "文件审阅", "": "服务"}
)

var english = [moodCount][]string{
	content: {
		"Quick answer and a clear explanation, thank you.",
		"The {service} was done before the deadline and without a single mistake.",
		"Very professional team, they asked the right questions.",
		"Exactly what we needed. Will use the {service} again.",
		"Good communication at every step.",
		"Everything was complete, we had nothing to add.",
		"Our account manager followed up twice, that was great.",
		"Fast, friendly and accurate.",
		"The new portal makes the {service} much easier.",
		"Fair price for the quality.",
		"Great work, my colleagues were impressed.",
		"Solved within the hour.",
	},
	divided: {
		"The result is fine but it took longer than promised.",
		"Good {service}, though the report is hard to read.",
		"Mostly complete, we had to ask for one appendix.",
		"Friendly staff, but I had to explain the case three times.",
		"Okay overall; the price went up and the quality did not.",
		"Some parts are excellent, others look copied.",
		"It works, but nobody told us about the delay.",
		"Average. The first draft had small errors.",
	},
	unhappy: {
		"We waited five days for a reply and then got a standard text.",
		"The {service} contained wrong figures, we had to redo it ourselves.",
		"Half of the questions were not answered at all.",
		"Nobody picks up the phone, and e-mails stay unanswered.",
		"Too slow. The deadline had passed when the result came.",
		"The result was incomplete and the names were mixed up.",
		"The consultant was rude when I asked for a correction.",
		"We were charged twice and still wait for the refund.",
		"The portal lost our files, very disappointing.",
		"I reported the same mistake three times, nothing changed.",
		"Not worth the money.",
		"The quality of the {service} is getting worse every week.",
	},
}

var chineseTexts = [moodCount][]string{
	content: {
		"回复很快，解释得也很清楚，谢谢！",
		"{service}提前完成，没有发现任何错误。",
		"团队非常专业，沟通顺畅。",
		"正是我们需要的，下次还会选择你们的{service}。",
		"每一步都有反馈，让人放心。",
		"内容完整，不需要再补充。",
		"客户经理主动回访了两次，服务很用心。",
		"速度快、态度好、结果准确。",
		"新系统用起来方便多了。",
		"价格合理，质量很高。",
		"同事们看了都说好。",
		"一个小时之内就解决了问题，点赞。",
	},
	divided: {
		"结果还可以，但是比承诺的时间晚了。",
		"{service}不错，就是报告不太容易看懂。",
		"基本完整，附件还要我们自己催。",
		"态度很好，但同一个情况讲了三遍。",
		"总体一般，价格涨了，质量没有提高。",
		"有的部分很好，有的部分像是套模板。",
		"能用，不过延期没有提前通知我们。",
		"一般般，初稿有一些小错误。",
	},
	unhappy: {
		"等了五天才回复，还是一段套话。",
		"{service}里的数字是错的，我们只好自己重做。",
		"一半的问题都没有回答。",
		"电话没人接，邮件也不回。",
		"太慢了，结果出来时已经过了截止日期。",
		"内容不完整，连公司名称都写错了。",
		"要求修改的时候，顾问的态度很差。",
		"重复收费，退款到现在还没有收到。",
		"系统把我们的文件弄丢了，非常失望。",
		"同样的错误反映了三次，一直没有改。",
		"不值这个价钱。",
		"{service}的质量一周不如一周。",
	},
}

// ofService holds comments that only make sense for one service, by whether they are Chinese.
var ofService = map[bool]map[string][moodCount][]string{
	false: {
		"data_analysis": {
			content: {"The forecast matched our real sales within two percent.", "Clear charts, our board understood them at once."},
			divided: {"The charts are nice, but the method is not explained.", "Good analysis, yet the data of the last week is missing."},
			unhappy: {"The dashboard shows other totals than our own books.", "The model ignored the holiday season, the forecast is useless."},
		},
		"legal_consulting": {
			content: {"The lawyer explained the labor law in plain words.", "Thanks to the advice we settled the dispute in a week."},
			divided: {"The advice is sound but full of jargon.", "Two lawyers told us two different things, in the end it was fine."},
			unhappy: {"The advice cited a law that is no longer in force.", "The lawyer changed three times in one case."},
		},
		"document_review": {
			content: {"All risky clauses were marked, with suggestions for each.", "The review found an error in the contract that we had missed for years."},
			divided: {"Most clauses were checked, the annexes were not.", "Good comments, but the tracked changes were hard to follow."},
			unhappy: {"The review overlooked the penalty clause.", "We got the comments of another company's contract!"},
		},
	},
	true: {
		"data_analysis": {
			content: {"预测和实际销售只差百分之二，很准。", "图表清楚，领导一看就明白。"},
			divided: {"图表很漂亮，但没有说明方法。", "分析得不错，可惜缺了最近一周的数据。"},
			unhappy: {"报表的合计和我们自己的账对不上。", "模型没有考虑春节，预测完全没法用。"},
		},
		"legal_consulting": {
			content: {"律师把劳动法讲得通俗易懂。", "听了建议，纠纷一周就和解了。"},
			divided: {"建议有道理，但专业术语太多。", "两位律师说法不一样，好在最后解决了。"},
			unhappy: {"引用的法条已经废止了。", "一个案子换了三位律师，每次都要重新说。"},
		},
		"document_review": {
			content: {"风险条款都标出来了，还给了修改建议。", "发现了合同里我们多年没注意到的错误，很细致。"},
			divided: {"正文审得很好，附件没有看。", "意见不错，但修订痕迹看起来很乱。"},
			unhappy: {"漏掉了违约金条款。", "居然把别的公司的合同意见发给了我们！"},
		},
	},
}
