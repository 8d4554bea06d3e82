namespace Headwater.Lab.Catalogue;

/// <summary>What readers see of copies that are behind.</summary>
static class ReadScenarios
{
    public static readonly Scenario MyCommentIsGone = new()
    {
        Name = "my-comment-is-gone",
        Seconds = 11,
        Title = new("My comment is gone", "내 댓글이 사라졌다"),
        Question = new("I have just written a comment. Why does the page not show it?", "방금 댓글을 썼는데 왜 페이지에 보이지 않을까?"),
        Anomaly = new("reads without the author's own comment", "자기 댓글이 빠진 읽기"),
        Without = new("level eventual: any copy answers", "eventual 레벨: 아무 복제본이나 답함"),
        With = new("level session: a copy that has what the session wrote", "session 레벨: 세션이 쓴 것을 가진 서버가 답함"),
        Explanation =
        [
            new("A replica applies the primary's log some time after the primary has committed; here a lock, as a backup takes it, keeps both replicas up to a second behind.",
                "복제본은 프라이머리가 커밋한 로그를 조금 뒤에 적용하는데, 여기서는 백업이 거는 것과 같은 잠금 때문에 두 복제본이 최대 1초까지 늦습니다."),
            new("The author writes on the primary and reads the page at once, and at level eventual any copy may answer, so it is a replica that has not heard of the comment yet.",
                "작성자는 프라이머리에 쓰고 바로 페이지를 읽는데, eventual 레벨에서는 아무 복제본이나 답할 수 있으므로 아직 댓글을 받지 못한 복제본이 답합니다."),
            new("The commit's answer carried its position in the log, and Headwater remembers it as the session's floor.",
                "커밋의 응답에는 로그 위치가 함께 실려 오고, Headwater는 이를 그 세션의 하한(floor)으로 기억합니다."),
            new("At level session a copy may answer only if it provably covers that floor, so these reads went to the primary, while readers who have written nothing stay on the replicas.",
                "session 레벨에서는 그 하한에 도달했음이 증명된 서버만 답할 수 있으므로 이 읽기들은 프라이머리로 갔고, 아무것도 쓰지 않은 독자들은 계속 복제본에서 읽습니다."),
            new("It is the default level, no statement of the application had to change, and SELECT headwater_token() carries the same promise to another connection.",
                "session은 기본 레벨이라 애플리케이션의 SQL을 바꿀 필요가 없고, SELECT headwater_token()을 쓰면 같은 약속을 다른 연결로 옮길 수 있습니다."),
        ],
    };

    public static readonly Scenario TimeRunsBackwards = new()
    {
        Name = "time-runs-backwards",
        Seconds = 9,
        Title = new("Time runs backwards", "시간이 거꾸로 간다"),
        Question = new("I saw the newest post a moment ago. Why is it gone when I reload?", "조금 전에 본 최신 글이 왜 새로 고치면 사라질까?"),
        Anomaly = new("reads that showed less than an earlier one", "앞서 본 것보다 적게 보여 준 읽기"),
        Without = new("level eventual: each read may go to another copy", "eventual 레벨: 읽을 때마다 다른 복제본이 답할 수 있음"),
        With = new("level monotonic: a copy that has what was seen", "monotonic 레벨: 이미 본 것을 가진 복제본이 답함"),
        Explanation =
        [
            new("One replica is current and the other up to a second behind, which on a busy day happens by itself.",
                "복제본 하나는 최신이고 다른 하나는 최대 1초 늦는데, 바쁜 날에는 저절로 생기는 일입니다."),
            new("At level eventual each read goes to the less busy copy of two, so one reader meets both in turn and sees posts appear, vanish and appear again.",
                "eventual 레벨에서는 둘 중 덜 바쁜 복제본이 답하므로, 같은 독자가 둘을 번갈아 만나면서 글이 나타났다 사라졌다 다시 나타나는 것을 봅니다."),
            new("Nothing is lost and no server is wrong; what is broken is the order in which one person sees the world.",
                "잃어버린 것도 없고 틀린 서버도 없지만, 한 사람이 세상을 보는 순서가 깨진 것입니다."),
            new("At level monotonic Headwater keeps a position that covers everything the session has read, and moves it to another copy only if that copy provably covers it too.",
                "monotonic 레벨에서 Headwater는 세션이 읽은 것을 모두 덮는 위치를 간직하고, 다른 복제본도 그 위치를 덮는다고 증명될 때만 옮겨 갑니다."),
            new("The reads stay on replicas: they are not more current than before, but they never go back.",
                "읽기는 여전히 복제본에서 이루어지며, 예전보다 더 최신인 것은 아니지만 결코 뒤로 가지 않습니다."),
        ],
        Demand = Demand.Gone(50),
    };

    public static readonly Scenario AnswerBeforeQuestion = new()
    {
        Name = "answer-before-question",
        Seconds = 11,
        Title = new("The answer before its question", "질문보다 먼저 온 답"),
        Question = new("Questions and answers are in two clusters. Why do I see an answer to nothing?", "질문과 답이 서로 다른 클러스터에 있다. 왜 질문 없는 답이 보일까?"),
        Anomaly = new("answers whose question was not there", "질문이 보이지 않은 답"),
        Without = new("plain reads of both clusters", "두 클러스터를 그냥 읽음"),
        With = new("the answer brings the token of its question along", "답이 질문의 토큰을 함께 전달함"),
        Explanation =
        [
            new("Two clusters have two logs, and nothing in either says that the question came before the answer.",
                "클러스터가 둘이면 로그도 둘이고, 어느 쪽에도 질문이 답보다 먼저였다는 기록이 없습니다."),
            new("Here the replicas of the first cluster are up to a second behind and those of the second are not, so an effect is read before its cause.",
                "여기서는 첫째 클러스터의 복제본만 최대 1초 늦으므로 원인보다 결과를 먼저 읽게 됩니다."),
            new("Each gateway serves one cluster and can keep order within that one only, so the order between them has to travel with the data.",
                "게이트웨이 하나는 클러스터 하나만 맡아 그 안의 순서만 지킬 수 있으므로, 둘 사이의 순서는 데이터와 함께 옮겨야 합니다."),
            new("Whoever answers stores the token of the session that asked, which is a position in the first log, beside the answer; with the second cluster's own position it is a vector of two.",
                "답하는 쪽은 질문한 세션의 토큰, 곧 첫째 로그의 위치를 답 옆에 저장하며, 둘째 클러스터의 위치와 합치면 두 성분의 벡터가 됩니다."),
            new("Whoever reads the answer says SET headwater.token before looking for the question, and the first gateway then answers only from a copy that covers it.",
                "답을 읽는 쪽은 질문을 찾기 전에 SET headwater.token을 실행하고, 그러면 첫째 게이트웨이는 그 위치를 덮는 서버에서만 답합니다."),
        ],
    };
}
