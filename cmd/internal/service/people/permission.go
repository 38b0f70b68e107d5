package people

import "slices"

// Permission is something that not everybody may do. Every route, page, message and tool names one.
type Permission string

const (
	SendRatings     Permission = "send_ratings"
	ReadFigures     Permission = "read_figures"
	ReadRatings     Permission = "read_ratings"
	ReadPersonal    Permission = "read_personal"
	WorkAlerts      Permission = "work_alerts"
	CorrectRatings  Permission = "correct_ratings"
	ManageMeasures  Permission = "manage_measures"
	ManageCustomers Permission = "manage_customers"
	ManageSurveys   Permission = "manage_surveys"
	ProposeExclude  Permission = "propose_exclusions"
	ApproveExclude  Permission = "approve_exclusions"
	Export          Permission = "export"
	Erase           Permission = "erase"
	ManageUsers     Permission = "manage_users"
	ReadAudit       Permission = "read_audit"
	ManageSettings  Permission = "manage_settings"
)

// Rule is one line of the table of permissions.
type Rule struct {
	Permission Permission
	Roles      []Role
	En, Zh     string // what it allows
}

// Rules is the table of permissions: code, pages, documents and tests read it.
var Rules = []Rule{
	{SendRatings, []Role{Producer, Agent, Admin}, "send ratings", "上报评分"},
	{ReadFigures, []Role{Viewer, Agent, Analyst, Admin}, "see figures, alerts, cases, measures, surveys and reports", "查看指标、警报、个案、改进措施、问卷和报告"},
	{ReadRatings, []Role{Viewer, Agent, Analyst, Admin}, "search single ratings; personal data is masked without read_personal", "检索单条评分；无 read_personal 权限时个人数据脱敏"},
	{ReadPersonal, []Role{Agent, Admin}, "see names, contact data and comments unmasked; each look is logged", "查看未脱敏的姓名、联系方式和评论（每次查看均留痕）"},
	{WorkAlerts, []Role{Agent, Admin}, "acknowledge, assign, resolve and comment alerts and cases", "确认、分配、解决和备注警报与个案"},
	{CorrectRatings, []Role{Agent, Admin}, "correct and withdraw ratings", "更正和撤回评分"},
	{ManageMeasures, []Role{Agent, Analyst, Admin}, "propose, plan and close improvement measures and their tasks", "提出、计划和关闭改进措施及任务"},
	{ManageCustomers, []Role{Agent, Admin}, "change customers and products, merge customers", "维护客户和产品、合并客户"},
	{ManageSurveys, []Role{Analyst, Admin}, "design and publish surveys, send invitations", "设计和发布问卷、发送邀请"},
	{ProposeExclude, []Role{Agent, Analyst, Admin}, "propose that ratings are excluded", "提议排除评分"},
	{ApproveExclude, []Role{Admin}, "approve or lift exclusions that somebody else proposed", "批准或解除他人提议的排除"},
	{Export, []Role{Viewer, Agent, Analyst, Admin}, "export lists and series as files; each export is logged", "导出列表和序列（每次导出均留痕）"},
	{Erase, []Role{Admin}, "erase ratings and customers for ever", "永久删除评分和客户"},
	{ManageUsers, []Role{Admin}, "manage users, tokens and roles", "管理用户、令牌和角色"},
	{ReadAudit, []Role{Admin}, "read the audit log", "查看审计日志"},
	{ManageSettings, []Role{Admin}, "change calendars, webhooks, templates and subscriptions of others", "修改日历、Webhook、模板及他人订阅"},
}

// Kind is what a Principal is.
type Kind string

const (
	UserKind  Kind = "user"
	TokenKind Kind = "token"
	LocalKind Kind = "local" // whoever reaches a development gateway on loopback
)

// Principal is who makes a request. The zero value is nobody, and may do nothing.
type Principal struct {
	Kind  Kind
	ID    string
	Name  string // for people
	Role  Role
	Scope Scope
}

// Local is the principal of a gateway without sign-in: development, on loopback only.
var Local = Principal{Kind: LocalKind, ID: "local", Name: "local", Role: Admin}

// May says whether the principal's role has the permission.
func (p Principal) May(permission Permission) bool {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Permission == permission })
	return i >= 0 && slices.Contains(Rules[i].Roles, p.Role)
}
