"""Decreto nº 112, de 2024: one column, three pages, every kind of device."""

from __future__ import annotations

from making.act import Block, Prose, ali, art, inc, item, par, unico
from making.flow import Geometry
from making.furniture import town_hall
from making.sheets import decree_sheet
from making.typesetter import Document, Section, Trap

OPENING: tuple[Block, ...] = (
    Prose("epigrafe", "DECRETO Nº 112, DE 18 DE MARÇO DE 2024"),
    Prose(
        "ementa",
        "Regulamenta a Lei nº 604, de 9 de novembro de 2023, que institui o Programa Municipal "
        "de Hortas Comunitárias em terrenos públicos ociosos, e dá outras providências.",
    ),
    Prose(
        "preambulo",
        "*O PREFEITO DO MUNICÍPIO DE BREJO ALTO,* Estado de Serra Nova, no uso das atribuições "
        "que lhe confere o art. 61, inciso IV, da Lei Orgânica do Município¹, e tendo em vista "
        "o que consta do Processo Administrativo nº 2.318/2023,",
    ),
    Prose("texto", "*D E C R E T A :*"),
)

CHAPTER_1: tuple[Block, ...] = (
    Prose("titulo", "CAPÍTULO I"),
    Prose("subtitulo", "DISPOSIÇÕES PRELIMINARES"),
    art(
        1,
        "O Programa Municipal de Hortas Comunitárias, instituído pela Lei nº 604, de 9 de "
        "novembro de 2023, obedecerá às normas deste Decreto e será coordenado pela "
        "Secretaria Municipal de Agricultura e Abastecimento.",
    ),
    art(2, "Para os efeitos deste Decreto, considera-se:"),
    inc(
        "I",
        "terreno ocioso: o imóvel público sem edificação nem destinação específica há mais "
        "de vinte e quatro meses;",
    ),
    inc("II", "canteiro: a fração mínima de cultivo, com área de doze metros quadrados;"),
    inc("III", "grupo gestor: o conjunto de moradores responsável por uma horta;"),
    inc("IV", "composteira: o equipamento destinado à transformação de resíduos orgânicos;"),
    inc("V", "termo de uso: o instrumento precário e gratuito que autoriza o cultivo;"),
    inc("VI", "excedente: a parte da colheita não consumida pelas famílias participantes;"),
    inc("VII", "semente crioula: a variedade conservada por agricultores da região;"),
    inc(
        "VIII",
        "mutirão: o trabalho conjunto e não remunerado de preparo, plantio, irrigação ou colheita;",
    ),
    inc("IX", "visita técnica: a inspeção realizada por engenheiro-agrônomo do Município; e"),
    inc("X", "caderno de campo: o registro diário das atividades da horta."),
    unico(
        "Não se considera ocioso o terreno reservado a escola, unidade de saúde ou cemitério, "
        "ainda que as obras não tenham sido iniciadas."
    ),
    art(
        3,
        "A relação dos terrenos disponíveis será publicada até o último dia útil de janeiro "
        "e dela caberá impugnação, por qualquer cidadão residente no Município, no prazo previsto "
        "no\nart. 5º deste Decreto, contado da publicação.",
    ),
    par(
        1,
        "A relação conterá, para cada terreno, o endereço, a área, a existência de ligação de "
        "água, o resultado da análise de solo e, se houver, as restrições ambientais incidentes, "
        "observado o modelo aprovado pela Secretaria Municipal de Agricultura e Abastecimento.",
    ),
    par(2, "A impugnação não suspende a inscrição dos grupos interessados."),
)

CHAPTER_2: tuple[Block, ...] = (
    Prose("titulo", "CAPÍTULO II"),
    Prose("subtitulo", "DA SELEÇÃO E DO TERMO DE USO"),
    Prose("titulo", "Seção I"),
    Prose("subtitulo", "Da Inscrição dos Grupos"),
    art(
        4,
        "A inscrição dos grupos gestores será feita na sede da Secretaria, mediante "
        "requerimento assinado por, no mínimo, oito moradores do bairro.",
    ),
    par(
        1,
        "O requerimento indicará o terreno pretendido, a forma de captação de água e o nome "
        "do representante do grupo, vedada a indicação de servidor em exercício na própria "
        "Secretaria.",
    ),
    par(2, "O requerimento será acompanhado de:"),
    inc("I", "cópia do documento de identidade dos requerentes;"),
    inc("II", "plano simplificado de cultivo, que conterá:"),
    ali("a", "croqui do terreno, com a posição dos canteiros;"),
    ali("b", "estimativa do consumo de água, em metros cúbicos por mês, segundo a origem:"),
    item(1, "rede pública, mediante hidrômetro próprio;"),
    item(2, "poço ou cisterna, mediante laudo de potabilidade; e"),
    ali("c", "calendário de plantio para doze meses; e"),
    inc("III", "declaração de ciência das regras de convivência."),
    par(
        3,
        "Havendo mais de um grupo interessado no mesmo terreno, a preferência será decidida "
        "em audiência pública presidida pelo Secretário Municipal titular da pasta ou pelo vice-"
        "\nprefeito, na forma do regimento aprovado pelo Conselho Municipal de Segurança "
        "Alimentar.",
    ),
    art(5, "O prazo para impugnação e para recurso é de dez dias úteis."),
    Prose("titulo", "Seção II"),
    Prose("subtitulo", "Do Termo de Uso"),
    art(
        6,
        "O termo de uso terá vigência de trinta e seis meses, prorrogável uma única vez, e "
        "poderá ser revogado a qualquer tempo por interesse público devidamente motivado, "
        "assegurada ao grupo a colheita do que já estiver plantado na data da notificação.",
    ),
    par(1, "O termo de uso não gera direito real nem indenização por benfeitorias."),
    par(
        2,
        "A transferência do termo a terceiros, a qualquer título, importa a sua extinção "
        "imediata, sem prejuízo de eventuais sanções cominadas no art. 9º e da comunicação a que "
        "alude o\n§ 2º do art. 10 deste Decreto.",
    ),
    art(7, "São obrigações do grupo gestor:"),
    inc("I", "manter o terreno limpo, cercado e livre de água parada;"),
    inc("II", "abster-se do uso de:"),
    ali("a", "agrotóxicos, herbicidas e adubos de síntese química; e"),
    ali("b", "lonas ou telhas que contenham amianto;"),
    inc(
        "III",
        "destinar ao menos um décimo da colheita, conforme cronograma ajustado com a Secretaria "
        "Municipal de Educação, à merenda das escolas e creches da rede municipal; e",
    ),
    inc("IV", "apresentar o caderno de campo nas visitas técnicas."),
    unico(
        "O grupo gestor responde pelos danos que os seus integrantes causarem a terceiros ou a "
        "bens públicos, salvo caso fortuito ou força maior, e comunicará à Secretaria, em até "
        "dois dias úteis, qualquer acidente, furto de equipamento ou foco de doença "
        "transmissível verificado no terreno."
    ),
)

CHAPTER_3: tuple[Block, ...] = (
    Prose("titulo", "CAPÍTULO III"),
    Prose("subtitulo", "DO APOIO E DAS SANÇÕES"),
    art(
        8,
        "O Município fornecerá, conforme a disponibilidade orçamentária, mudas, composto "
        "orgânico e ferramentas, e promoverá cursos de capacitação abertos a todos os "
        "participantes do Programa, com emissão de certificado.",
    ),
    unico(
        "As ferramentas permanecem no patrimônio municipal e serão devolvidas no "
        "encerramento do termo, ressalvado o desgaste natural."
    ),
    art(9, "O descumprimento das obrigações sujeita o grupo gestor, sucessivamente, a:"),
    inc("I", "advertência escrita;"),
    inc("II", "suspensão do fornecimento de insumos por até noventa dias; e"),
    inc("III", "extinção do termo de uso."),
    art(
        10,
        "A apuração das infrações caberá a comissão de três servidores efetivos, designada "
        "por portaria do Secretário Municipal de Agricultura e Abastecimento.",
    ),
    par(1, "O grupo será notificado para apresentar defesa em quinze dias corridos."),
    par(
        2,
        "Decidido o processo, a comissão comunicará o resultado ao Conselho Municipal de "
        "Segurança Alimentar e à associação de moradores do bairro.",
    ),
    art(
        11,
        "Os casos omissos serão resolvidos pelo Secretário Municipal, ouvida, quando couber, "
        "a Procuradoria-Geral do Município.",
    ),
    art(12, "Fica revogado o Decreto nº 87, de 2 de julho de 2019."),
    art(13, "Este Decreto entra em vigor trinta dias após a sua publicação."),
)

CLOSING: tuple[Block, ...] = (
    Prose("texto", "Paço Municipal de Brejo Alto, em 18 de março de 2024."),
    Prose("assinatura", "ANSELMO TAVEIRA QUINTAL"),
    Prose("cargo", "Prefeito Municipal"),
    Prose("assinatura", "DORALICE PENHA MOUTINHO"),
    Prose("cargo", "Secretária Municipal de Agricultura e Abastecimento"),
)

FOOTNOTES = {
    1: [
        "¹ Texto da Lei Orgânica consolidado até a Emenda nº 14, de 2022, disponível para consulta",
        "na Câmara Municipal. O número do processo foi retificado no protocolo.",
    ]
}

DECRETO_112 = Document(
    name="decreto-brejo-alto-112-2024",
    title="Decreto nº 112, de 18 de março de 2024",
    sheet=decree_sheet(),
    geometry=Geometry(first_top=150, top=84, bottom=100),
    furniture=town_hall(
        "Município de Brejo Alto – Decreto nº 112, de 18 de março de 2024", FOOTNOTES
    ),
    sections=(Section((*OPENING, *CHAPTER_1, *CHAPTER_2, *CHAPTER_3, *CLOSING)),),
    page_count=3,
    crossings=1,
    traps=(
        Trap(1, r"^art\. 5º deste Decreto"),
        Trap(2, r"vice-\s*$"),
        Trap(2, r"^§ 2º do art\. 10"),
        Trap(1, r"^Página 1 de 3"),
    ),
)
