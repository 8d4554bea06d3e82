using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>
/// Questions are in one cluster and answers in another. A gateway serves one cluster, so what carries the order from one to the other is the token: who answers stores
/// the position at which the question was seen beside the answer, and who reads the answer asks the other cluster for at least that.
/// </summary>
static class CauseAndEffect
{
    const int Questions = 12;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        var asking = await stage.StandingAsync(ct);
        await using var answering = await stage.ClusterAsync(new LabClusterOptions { Servers = 2 }, ct);
        await asking.PrepareAsync(ct, "DROP TABLE IF EXISTS question", "CREATE TABLE question (id INT PRIMARY KEY, body VARCHAR(100))");
        await answering.PrepareAsync(ct, "CREATE TABLE answer (question INT PRIMARY KEY, body VARCHAR(100), seen VARCHAR(500))");
        await using var questions = await LabGateway.StartAsync(asking, new LabGatewayOptions(), ct);
        await using var answers = await LabGateway.StartAsync(answering, new LabGatewayOptions(), ct);
        await using var late = await Lateness.BeginAsync(asking, asking.Replicas, "question", ct);
        var level = isProtected ? "prefix" : "eventual";
        await using var readsQuestions = await questions.ConnectAsync(level, ct);
        await using var readsAnswers = await answers.ConnectAsync(level, ct);
        await using var asker = await questions.ConnectAsync(ct);
        await using var answerer = await answers.ConnectAsync(ct);

        var recorder = new Recorder(new LabText("number of the question", "질문 번호"));
        var read = recorder.Dots("the reader has answer", "독자가 읽은 답");
        await using var watching = new Watching(ct);
        recorder.Watch(watching, "1st cluster's primary has", "첫째 클러스터 프라이머리", asking, asking.Primary, "SELECT MAX(id) FROM question");
        recorder.Watch(watching, "1st cluster's replica has", "첫째 클러스터 복제본", asking, asking.Servers[1], "SELECT MAX(id) FROM question");
        recorder.Watch(watching, "2nd cluster's replica has", "둘째 클러스터 복제본", answering, answering.Servers[1], "SELECT MAX(question) FROM answer");

        var missing = 0;
        for (var question = 1; question <= Questions; question++)
        {
            await asker.QueryAsync($"INSERT INTO question VALUES ({question}, 'why?')", ct);
            var token = (await asker.QueryAsync("SELECT headwater_token()", ct)).Scalar!;
            await answerer.QueryAsync($"INSERT INTO answer VALUES ({question}, 'because', '{token}')", ct);
            var number = question;
            await LabCluster.UntilAsync(async () => (await readsAnswers.QueryAsync($"SELECT COUNT(*) FROM answer WHERE question = {number}", ct)).Scalar == "1", "the answer to be read", ct);
            var seen = (await readsAnswers.QueryAsync($"SELECT seen FROM answer WHERE question = {question}", ct)).Scalar!;
            if (isProtected) await readsQuestions.QueryAsync($"SET headwater.token = '{seen}'", ct);
            var isThere = (await readsQuestions.QueryAsync($"SELECT COUNT(*) FROM question WHERE id = {question}", ct)).Scalar == "1";
            read.Add(question, isBad: !isThere);
            if (!isThere && missing++ == 0) recorder.Event($"answer {question} is there, question {question} is not", $"{question}번 답은 있는데 {question}번 질문이 없습니다");
            await Task.Delay(Pause, ct);
        }
        await watching.EndAsync();
        recorder.Figure("answers read", "읽은 답", Questions);
        recorder.Figure("without their question", "질문이 보이지 않은 답", missing);
        return recorder.Finish(missing, Questions);
    }
}
